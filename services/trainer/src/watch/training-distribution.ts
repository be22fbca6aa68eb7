import { FEATURES } from '@holdfast/core'
import type { StoredModel } from '@holdfast/platform'
import { z } from 'zod'
import { readTrainingRecord } from '../registry/training-record.ts'
import type { TrainingRecord } from '../report/evaluation-report.ts'

/** How the training rows were spread: what live customers are held against. */
export type TrainingDistribution = Pick<TrainingRecord, 'features' | 'score'>

const number = z.number()
const reference = z.object({ bounds: z.array(number), shares: z.array(number) })
const schema = z.object({ features: z.array(z.object({ feature: z.string(), reference })), score: reference })

/** What travels with a model to Redis, as text; undefined where the folder's report does not say. */
export async function trainingDistributionOf(dir: string): Promise<string | undefined> {
  const record = await readTrainingRecord(dir)
  if (record === undefined) return undefined
  const { features, score } = record
  return JSON.stringify({ features, score } satisfies TrainingDistribution)
}

/** A model of a folder as it is to be promoted: with how its training rows were spread, where its report says so. */
export async function withTraining(stored: StoredModel, dir: string): Promise<StoredModel> {
  const training = await trainingDistributionOf(dir)
  return training === undefined ? stored : { ...stored, training }
}

/** The way back; undefined for a text that is none, or tells of other features than today's. */
export function parseTrainingDistribution(text: string): TrainingDistribution | undefined {
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch {
    return undefined
  }
  const parsed = schema.safeParse(raw)
  if (!parsed.success || parsed.data.features.length !== FEATURES.length) return undefined
  return FEATURES.every(({ name }, i) => parsed.data.features[i]?.feature === name) ? parsed.data : undefined
}
