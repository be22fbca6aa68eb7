import { installationKeys } from '@holdfast/contracts'
import { type ClockMap, domainAt, formatClockMap, parseClockMap, rateAt, wallDelayAt } from './clock-map.ts'
import type { Stoppable } from './lifecycle.ts'
import type { RedisClient } from './redis/connect.ts'

/**
 * Domain time: what the business calls now. It is the wall clock in live use, and may run faster or stand still elsewhere.
 * Delays, time-outs and record timestamps stay on the wall clock; `wallDelay` is the only bridge between the two.
 */
export interface Clock {
  /** Domain time, ms since 1970 UTC. */
  now(): number
  /** Wall-clock ms from now until the given domain instant; 0 when it has passed. */
  wallDelay(untilMs: number): number
}

/** The clock of an installation, shared by all its processes. */
export interface DomainClock extends Clock {
  /** Domain time at an instant of the wall clock, such as a record's timestamp; both in ms. */
  domainTime(wallMs: number): number
  /** Domain milliseconds a wall millisecond; 1 for the system clock, 0 while the clock stands. */
  rate(): number
}

export const systemClock: DomainClock = {
  now: () => Date.now(),
  wallDelay: (untilMs) => Math.max(0, untilMs - Date.now()),
  domainTime: (wallMs) => wallMs,
  rate: () => 1,
}

/** How often a process looks whether the clock was started or stopped. */
const LOOK_EVERY_MS = 500

/** Starts and stops of a clock are announced so long ahead, ms: by then every process has seen them. */
export const CLOCK_NOTICE_MS = 3 * LOOK_EVERY_MS

/**
 * The clock of the installation: the map that is stored for it, followed while it changes; the system clock where none is.
 * A map that is stored later counts for processes that start later.
 * @throws HoldfastError CLOCK_UNREADABLE
 */
export async function openClock(client: RedisClient, prefix: string): Promise<DomainClock & Stoppable> {
  const { clock: key } = installationKeys(prefix)
  let text = await client.get(key)
  if (text === null) return { ...systemClock, stop: async () => {} }
  let map = parseClockMap(text, key)
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  const look = async () => {
    try {
      const found = await client.get(key)
      if (found !== null && found !== text) {
        map = parseClockMap(found, key)
        text = found
      }
    } catch {
      // Redis may be away, or hold what we cannot read: no reason to end a process. The map in hand goes on.
    }
    if (!stopped) follow()
  }
  const follow = () => {
    timer = setTimeout(() => void look(), LOOK_EVERY_MS)
    timer.unref()
  }
  follow()
  return {
    ...mappedClock(() => map),
    async stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}

/** A clock that goes by a map. @param wallNow the wall clock, ms */
export function mappedClock(map: () => ClockMap, wallNow: () => number = Date.now): DomainClock {
  return {
    now: () => domainAt(map(), wallNow()),
    wallDelay: (untilMs) => wallDelayAt(map(), wallNow(), untilMs),
    domainTime: (wallMs) => domainAt(map(), wallMs),
    rate: () => rateAt(map(), wallNow()),
  }
}

/** The stored map, or undefined where the installation goes by the system clock. @throws HoldfastError CLOCK_UNREADABLE */
export async function readClockMap(client: RedisClient, prefix: string): Promise<ClockMap | undefined> {
  const { clock: key } = installationKeys(prefix)
  const text = await client.get(key)
  return text === null ? undefined : parseClockMap(text, key)
}

export async function storeClockMap(client: RedisClient, prefix: string, map: ClockMap): Promise<void> {
  await client.set(installationKeys(prefix).clock, formatClockMap(map))
}
