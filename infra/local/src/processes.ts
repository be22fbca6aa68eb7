import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { waitFor } from './wait.ts'

/** A process by id and, where the system tells it, start time: ids are reused, the pair is not. */
export const processMarkSchema = z.object({ pid: z.int().positive(), startedTicks: z.int().optional() })
export type ProcessMark = z.infer<typeof processMarkSchema>

/** Clock ticks between boot and the start of the process (field 22 of /proc/pid/stat); `undefined` off Linux. */
const startTicks = (pid: number): number | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the command in parentheses and may itself hold spaces and parentheses.
    const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
    return Number.isSafeInteger(ticks) ? ticks : undefined
  } catch {
    return undefined
  }
}

/** A zombie, ended but not yet collected by its parent, does not count as alive. */
const isZombie = (pid: number): boolean => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat[stat.lastIndexOf(')') + 2] === 'Z'
  } catch {
    return false
  }
}

export const markProcess = (pid: number): ProcessMark => {
  const startedTicks = startTicks(pid)
  return startedTicks === undefined ? { pid } : { pid, startedTicks }
}

const exists = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Whether the very process that was marked still runs; a later one under the same id is not it. */
export const isAlive = ({ pid, startedTicks }: ProcessMark): boolean =>
  exists(pid) && !isZombie(pid) && (startedTicks === undefined || startTicks(pid) === startedTicks)

const signal = (mark: ProcessMark, name: NodeJS.Signals): void => {
  if (!isAlive(mark)) return
  try {
    process.kill(mark.pid, name)
  } catch {
    // It ended between the look and the signal.
  }
}

/**
 * Ends a process that need not be our child: SIGTERM, then SIGKILL after `withinMs`.
 * Answers whether it is gone; only a process of another user, or one stuck in the kernel, is not.
 */
export const endProcess = async (mark: ProcessMark, withinMs: number): Promise<boolean> => {
  const gone = () => (isAlive(mark) ? undefined : true)
  signal(mark, 'SIGTERM')
  if (await waitFor(gone, withinMs)) return true
  signal(mark, 'SIGKILL')
  return (await waitFor(gone, 5_000)) === true
}
