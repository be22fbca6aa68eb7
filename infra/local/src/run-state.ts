import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'
import { stopWithCompose } from './compose.ts'
import { runStateFile } from './folders.ts'
import { endProcess, isAlive, processMarkSchema } from './processes.ts'

const originSchema = z.enum(['environment', 'embedded', 'compose'])

/** What one `holdfast up` has running and where: the file behind `holdfast status --json`. */
export const runStateSchema = z.object({
  mode: z.enum(['live', 'time-lapse', 'replay']),
  startedAt: z.iso.datetime(),
  /** The process that started everything else and stops it. */
  owner: processMarkSchema,
  kafka: z.object({ origin: originSchema, brokers: z.array(z.string()), process: processMarkSchema.optional() }),
  redis: z.object({ origin: originSchema, urls: z.array(z.string()), process: processMarkSchema.optional() }),
  /** In the order of their start. */
  services: z.array(
    z.object({ name: z.string(), process: processMarkSchema, url: z.string().optional(), logFile: z.string() }),
  ),
})
export type RunState = z.infer<typeof runStateSchema>

/** `stale`: its owner is gone without having cleaned up; what it started may still run. */
export type RunStateReading =
  | { readonly kind: 'none' }
  | { readonly kind: 'running'; readonly state: RunState }
  | { readonly kind: 'stale'; readonly state: RunState }

/** A file that cannot be understood counts as none: nothing can be concluded from it. */
export const readRunState = (file = runStateFile()): RunStateReading => {
  let state: RunState
  try {
    state = runStateSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return { kind: 'none' }
  }
  return { kind: isAlive(state.owner) ? 'running' : 'stale', state }
}

/** Replaces the file at once, so that no reader sees half of it; ours alone to read, for URLs may hold passwords. */
export const writeRunState = (state: RunState, file = runStateFile()): void => {
  mkdirSync(dirname(file), { recursive: true })
  const partial = `${file}.${process.pid}`
  writeFileSync(partial, `${JSON.stringify(runStateSchema.parse(state), null, 2)}\n`, { mode: 0o600 })
  renameSync(partial, file)
}

export const removeRunState = (file = runStateFile()): void => rmSync(file, { force: true })

/**
 * Ends a run from outside: the owner first, who stops the rest in order; then whatever of it is left, newest first.
 * Answers what kind of run was found. Throws when a process does not end.
 */
export const stopRun = async (options: { file?: string; withinMs?: number } = {}): Promise<RunStateReading['kind']> => {
  const { file = runStateFile(), withinMs = 30_000 } = options
  const reading = readRunState(file)
  if (reading.kind === 'none') return 'none'
  const { owner, services, redis, kafka } = reading.state
  const inOrder = [owner, ...services.map((service) => service.process).reverse(), redis.process, kafka.process]
  for (const mark of inOrder) {
    if (mark && !(await endProcess(mark, withinMs))) {
      throw new Error(`process ${mark.pid} does not end: kill -9 ${mark.pid}`)
    }
  }
  if (reading.kind === 'stale') {
    if (kafka.origin === 'compose') await stopWithCompose('kafka', reading.state.mode)
    if (redis.origin === 'compose') await stopWithCompose('redis', reading.state.mode)
  }
  removeRunState(file)
  return reading.kind
}
