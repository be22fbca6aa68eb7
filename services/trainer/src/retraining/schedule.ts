import type { JobQueue } from '@holdfast/platform'
import { asError, HoldfastError } from '@holdfast/platform'
import type { RetrainingJob } from './job.ts'

/** When something is to be done again and again, by the wall clock. */
export type Schedule =
  | { readonly kind: 'off' }
  | { readonly kind: 'every'; readonly ms: number }
  /** Five fields, in UTC. */
  | { readonly kind: 'cron'; readonly pattern: string }

/** The names of the schedules in the queue. */
export const SCHEDULES = ['retrain', 'watch'] as const
export type ScheduleName = (typeof SCHEDULES)[number]

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** `90s`, `15m`, `12h`, `7d`, in ms; undefined for anything else. */
export function parseInterval(text: string): number | undefined {
  const found = /^([1-9]\d{0,5})([smhd])$/.exec(text.trim())
  return found === null ? undefined : Number(found[1]) * UNITS[found[2] as keyof typeof UNITS]
}

/** `off`, an interval, or five fields of cron; undefined for anything else. */
export function parseSchedule(text: string): Schedule | undefined {
  const trimmed = text.trim()
  if (trimmed === 'off') return { kind: 'off' }
  const ms = parseInterval(trimmed)
  if (ms !== undefined) return { kind: 'every', ms }
  const fields = trimmed.split(/\s+/)
  const looksLikeCron = fields.length === 5 && fields.every((field) => /^[\dA-Za-z*,/?#-]+$/.test(field))
  return looksLikeCron ? { kind: 'cron', pattern: fields.join(' ') } : undefined
}

/**
 * Puts a schedule in force, in place of the one that had the name. Every replica may do so, as often as it likes: what is to come
 * next keeps its time unless the schedule has changed, also where that has passed while nobody was there. An interval begins now.
 * @throws HoldfastError CONFIG_INVALID for fields that name no time
 */
export async function setSchedule(
  { bull }: JobQueue<RetrainingJob>,
  name: ScheduleName,
  schedule: Schedule,
  data: RetrainingJob,
): Promise<void> {
  if (schedule.kind === 'off') {
    await bull.removeJobScheduler(name)
    return
  }
  if (await isInForce(bull, name, schedule)) return
  const repeat =
    schedule.kind === 'every'
      ? { every: schedule.ms, startDate: Date.now() + schedule.ms }
      : { pattern: schedule.pattern, tz: 'UTC' }
  try {
    await bull.upsertJobScheduler(name, repeat, { name, data })
  } catch (thrown) {
    if (schedule.kind === 'every') throw thrown
    throw new HoldfastError({
      code: 'CONFIG_INVALID',
      message: `"${schedule.pattern}" is no schedule: ${asError(thrown).message}`,
      cause: thrown,
      cure: 'write five fields of cron (minute, hour, day of the month, month, weekday), such as 0 3 * * 1.',
    })
  }
}

/** Set anew, a cron schedule would skip a run that is overdue. */
async function isInForce(
  bull: JobQueue<RetrainingJob>['bull'],
  name: ScheduleName,
  schedule: Exclude<Schedule, { kind: 'off' }>,
): Promise<boolean> {
  const found = await bull.getJobScheduler(name)
  if (found?.next === undefined) return false
  const isSame = schedule.kind === 'every' ? found.every === schedule.ms : found.pattern === schedule.pattern
  // Somebody may have emptied the queue: then nothing would ever come again.
  return isSame && (await bull.getJob(`repeat:${name}:${found.next}`)) !== undefined
}

/** When a schedule comes next, wall clock, ms; undefined for one that is off. */
export async function nextRun({ bull }: JobQueue<RetrainingJob>, name: ScheduleName): Promise<number | undefined> {
  return (await bull.getJobScheduler(name))?.next
}
