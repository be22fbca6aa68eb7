import { z } from 'zod'
import { asError, HoldfastError } from './errors.ts'

/**
 * From some wall-clock instant on, what domain time is: `domainAnchor` there, and `rate` domain milliseconds a wall millisecond
 * afterwards; or always `domainAnchor`, while the clock stands.
 */
const segmentSchema = z.object({
  /** ms since 1970 UTC. */
  wallAnchor: z.int(),
  /** ms since 1970 UTC. */
  domainAnchor: z.int(),
  /** While the clock stands: the rate that it had, or will have. */
  rate: z.number().positive(),
  isRunning: z.boolean(),
})
export type ClockSegment = z.infer<typeof segmentSchema>

const clockMapSchema = z.array(segmentSchema).min(1)

/**
 * The whole way from wall clock to domain time, oldest segment first, without jumps. All of it is kept, because a record that is
 * read again years of domain time later must be dated as it was when it came.
 */
export type ClockMap = readonly ClockSegment[]

/** A clock that stands at a domain instant until it is started. */
export function standingClock(wallMs: number, domainMs: number, rate: number): ClockMap {
  return [{ wallAnchor: wallMs, domainAnchor: domainMs, rate, isRunning: false }]
}

/** Domain time, ms. Before the first segment both times run alike. */
export function domainAt(map: ClockMap, wallMs: number): number {
  const segment = map.findLast(({ wallAnchor }) => wallAnchor <= wallMs)
  if (segment === undefined) return wallMs + firstOf(map).domainAnchor - firstOf(map).wallAnchor
  if (!segment.isRunning) return segment.domainAnchor
  return Math.floor(segment.domainAnchor + (wallMs - segment.wallAnchor) * segment.rate)
}

/** Wall-clock ms from `wallMs` until the domain instant; while the clock stands, as if it went on at once. */
export function wallDelayAt(map: ClockMap, wallMs: number, untilMs: number): number {
  const segment = map.findLast(({ wallAnchor }) => wallAnchor <= wallMs) ?? firstOf(map)
  return Math.max(0, Math.ceil((untilMs - domainAt(map, wallMs)) / segment.rate))
}

/** The clock goes on from where it is at `wallMs`. */
export function startedAt(map: ClockMap, wallMs: number, rate = newestOf(map).rate): ClockMap {
  return turned(map, { wallAnchor: wallMs, domainAnchor: domainAt(map, wallMs), rate, isRunning: true })
}

/** The clock stops where it is at `wallMs`. */
export function stoppedAt(map: ClockMap, wallMs: number): ClockMap {
  const { rate } = newestOf(map)
  return turned(map, { wallAnchor: wallMs, domainAnchor: domainAt(map, wallMs), rate, isRunning: false })
}

/** Domain ms a wall ms at that instant; 0 while the clock stands. */
export function rateAt(map: ClockMap, wallMs: number): number {
  const segment = map.findLast(({ wallAnchor }) => wallAnchor <= wallMs)
  if (segment === undefined) return 1
  return segment.isRunning ? segment.rate : 0
}

function turned(map: ClockMap, next: ClockSegment): ClockMap {
  // A turn that was announced and has not come yet is taken back.
  return [...map.filter(({ wallAnchor }) => wallAnchor < next.wallAnchor), next]
}

function firstOf(map: ClockMap): ClockSegment {
  const [first] = map
  if (first === undefined) throw new Error('a clock map has at least one segment')
  return first
}

function newestOf(map: ClockMap): ClockSegment {
  return map.at(-1) ?? firstOf(map)
}

/** @throws HoldfastError CLOCK_UNREADABLE */
export function parseClockMap(text: string, key: string): ClockMap {
  try {
    return clockMapSchema.parse(JSON.parse(text))
  } catch (thrown) {
    throw new HoldfastError({
      code: 'CLOCK_UNREADABLE',
      message: `what is stored under ${key} is no map from wall clock to domain time`,
      cause: asError(thrown),
      cure: 'nothing here writes such a value; see who did. Without the key, the system clock is used.',
    })
  }
}

export function formatClockMap(map: ClockMap): string {
  return JSON.stringify(clockMapSchema.parse(map))
}

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

/** `1d/s`, `12h/s`, `7d/s`: how much domain time passes in a second; as domain ms a wall ms. Undefined for anything else. */
export function parseRate(text: string): number | undefined {
  const found = /^(\d+(?:\.\d+)?)([smhdw])\/s$/.exec(text.trim())
  if (found === null) return undefined
  const rate = (Number(found[1]) * UNITS[found[2] as keyof typeof UNITS]) / 1_000
  return rate > 0 ? rate : undefined
}

/** The way round: 86400 is `1d/s`. */
export function formatRate(rate: number): string {
  const perSecond = rate * 1_000
  const [unit, size] = (
    [
      ['d', UNITS.d],
      ['h', UNITS.h],
      ['m', UNITS.m],
    ] as const
  ).find(([, length]) => perSecond >= length) ?? ['s', UNITS.s]
  return `${Number((perSecond / size).toPrecision(6))}${unit}/s`
}
