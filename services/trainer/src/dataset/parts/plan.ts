import { randomUUID } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HoldfastError } from '@holdfast/platform'
import { z } from 'zod'

const PLAN_FILE = 'dataset.json'

const planSchema = z.object({
  /** What was asked for; every process must ask for the same. */
  request: z.record(z.string(), z.string()),
  /** The end of what is known, ms. */
  until: z.number(),
  partitions: z.number(),
  /** Where the log ended when the first process began: what came later is in no part. */
  ends: z.array(z.object({ topic: z.string(), partition: z.number(), low: z.number(), high: z.number() })),
  /** Of Kafka, shared by all processes that fill this folder. */
  groupId: z.string(),
})
export type Plan = z.output<typeof planSchema>

/**
 * The plan of a folder of parts: made by the first process, taken over by all others and by whoever resumes.
 * @throws HoldfastError DATASET_DIFFERS where the folder was begun with another request
 */
export async function sharePlan(
  dir: string,
  request: Readonly<Record<string, string>>,
  make: () => Promise<Pick<Plan, 'until' | 'partitions' | 'ends'>>,
): Promise<Plan> {
  const file = join(dir, PLAN_FILE)
  let plan = readPlan(file)
  if (plan === undefined) {
    const made: Plan = { request, ...(await make()), groupId: `holdfast-dataset-${randomUUID()}` }
    mkdirSync(dir, { recursive: true })
    const draft = `${file}.${process.pid}.draft`
    writeFileSync(draft, JSON.stringify(made, null, 2))
    try {
      // Unlike a rename, a link fails where another process was quicker.
      linkSync(draft, file)
    } catch (error) {
      if (!isCode(error, 'EEXIST')) throw error
    } finally {
      rmSync(draft, { force: true })
    }
    plan = readPlan(file) ?? made
  }
  const different = Object.keys({ ...plan.request, ...request }).filter((key) => plan.request[key] !== request[key])
  if (different.length === 0) return plan
  throw new HoldfastError({
    code: 'DATASET_DIFFERS',
    message: `${dir} was begun with ${different.map((key) => `${key} ${plan.request[key] ?? '-'}, not ${request[key] ?? '-'}`).join('; ')}`,
    cure: 'give the same options to every process, choose another folder, or delete this one.',
  })
}

export function forgetPlan(dir: string): void {
  rmSync(join(dir, PLAN_FILE), { force: true })
}

function readPlan(file: string): Plan | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  }
  return planSchema.parse(JSON.parse(text))
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
