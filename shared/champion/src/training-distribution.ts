import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FEATURES } from '@holdfast/core'
import { z } from 'zod'

const number = z.number()
const reference = z.object({ bounds: z.array(number), shares: z.array(number) })
const schema = z.object({ features: z.array(z.object({ feature: z.string(), reference })), score: reference })
const reportSchema = z.object({ training: schema })

/** How the rows that a model learned from were spread, feature by feature in the table's order: what live customers are held against. */
export type TrainingDistribution = z.output<typeof schema>

/** What travels with a model to Redis, as text; undefined where the folder's report does not say, or of other features than today's. */
export async function trainingDistributionOf(dir: string): Promise<string | undefined> {
  const text = await readFile(join(dir, 'report.json'), 'utf8').catch(() => undefined)
  const report = reportSchema.safeParse(jsonOf(text))
  return report.success && isOfToday(report.data.training) ? JSON.stringify(report.data.training) : undefined
}

/** The way back; undefined for a text that is none, or tells of other features than today's. */
export function parseTrainingDistribution(text: string): TrainingDistribution | undefined {
  const parsed = schema.safeParse(jsonOf(text))
  return parsed.success && isOfToday(parsed.data) ? parsed.data : undefined
}

function isOfToday({ features }: TrainingDistribution): boolean {
  return features.length === FEATURES.length && FEATURES.every(({ name }, i) => features[i]?.feature === name)
}

function jsonOf(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}
