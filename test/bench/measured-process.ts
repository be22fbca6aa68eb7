import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { repositoryRoot, startDaemon } from '@holdfast/local'
import { z } from 'zod'
import type { Stage } from './stage.ts'

/** What a process is told to do; what it measures comes back as `measurementSchema`. */
export const orderSchema = z.object({
  brokers: z.array(z.string()),
  redisUrl: z.string(),
  topics: z.array(z.string()),
  events: z.number(),
  partitions: z.number(),
  fetchBytes: z.number(),
  fetchWaitMs: z.number(),
  parse: z.boolean(),
})
export type Order = z.infer<typeof orderSchema>

const measurementSchema = z.object({
  events: z.number(),
  /** From the assignment of the partitions to the last event. */
  seconds: z.number(),
  processorSeconds: z.number(),
})
export type Measurement = z.infer<typeof measurementSchema>

const MARK = 'MEASURED '

/** Runs a script of this folder as a process of its own and returns what it measured. Its output goes to a log file. */
export async function runMeasured(
  stage: Stage,
  script: string,
  { order, env = process.env }: { readonly order?: Order; readonly env?: NodeJS.ProcessEnv },
): Promise<Measurement> {
  const logFile = join(stage.dir, `${script}-${performance.now().toFixed()}.log`)
  const path = fileURLToPath(new URL(script, import.meta.url))
  const daemon = await startDaemon({
    name: script,
    command: process.execPath,
    args: [...process.execArgv, path, JSON.stringify(order ?? {})],
    logFile,
    env,
    cwd: repositoryRoot(),
  })
  stage.own(daemon.stop)
  const how = await daemon.ended
  const output = readFileSync(logFile, 'utf8')
  const line = output.split('\n').find((text) => text.startsWith(MARK))
  if (line === undefined) throw new Error(`${script} ended (${how}) and measured nothing:\n${output.slice(-3_000)}`)
  return measurementSchema.parse(JSON.parse(line.slice(MARK.length)))
}

/** In the process: its order. */
export function readOrder(): Order {
  return orderSchema.parse(JSON.parse(process.argv[2] ?? '{}'))
}

/** In the process: hands back what was measured and ends. */
export function tellMeasured(measurement: Measurement): never {
  process.stdout.write(`${MARK}${JSON.stringify(measurement)}\n`)
  process.exit(0)
}

/** In the process: a stopwatch for wall and processor time. */
export function startWatch(): (events: number) => Measurement {
  const startedAt = performance.now()
  const usedBefore = process.cpuUsage()
  return (events) => {
    const { user, system } = process.cpuUsage(usedBefore)
    return { events, seconds: (performance.now() - startedAt) / 1_000, processorSeconds: (user + system) / 1e6 }
  }
}
