import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FEATURES } from '@holdfast/core'
import { z } from 'zod'
import type { TrainingRecord } from '../report/evaluation-report.ts'

export const REPORT_FILE = 'report.json'

const number = z.number()
const reference = z.object({ bounds: z.array(number), shares: z.array(number) })
const schema = z.object({
  training: z.object({
    simple: z.object({ baseRate: number, recency: z.object({ weight: number, bias: number }) }),
    coefficients: z.array(z.object({ feature: z.string(), weight: number, low: number, high: number })),
    features: z.array(z.object({ feature: z.string(), reference })),
    score: reference,
  }),
})

/** What a stored model says of its training rows; undefined where it says nothing, or of other features than today's. */
export async function readTrainingRecord(dir: string): Promise<TrainingRecord | undefined> {
  let raw: unknown
  try {
    raw = JSON.parse(await readFile(join(dir, REPORT_FILE), 'utf8'))
  } catch {
    return undefined
  }
  const parsed = schema.safeParse(raw)
  if (!parsed.success) return undefined
  const { training } = parsed.data
  const isOfToday =
    training.features.length === FEATURES.length &&
    FEATURES.every(({ name }, i) => training.features[i]!.feature === name)
  return isOfToday ? training : undefined
}
