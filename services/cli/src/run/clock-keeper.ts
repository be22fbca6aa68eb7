import { installationKeys } from '@holdfast/contracts'
import {
  CLOCK_NOTICE_MS,
  type ClockMap,
  type DomainClock,
  mappedClock,
  type RedisClient,
  rateAt,
  readClockMap,
  standingClock,
  startedAt,
  stoppedAt,
  storeClockMap,
  wallDelayAt,
} from '@holdfast/platform'

export interface ClockKeeperOptions {
  readonly client: RedisClient
  readonly prefix: string
  /** Domain ms a wall ms, from the next start on. */
  readonly rate: number
  /** Where a new clock begins, domain ms. */
  readonly beginsAt: number
}

/** Starts and stops the clock of an installation; all its processes follow. */
export interface ClockKeeper {
  readonly clock: DomainClock
  /** Whether there was none before. */
  readonly isNew: boolean
  /** Lets it run, once every process has had time to see it. */
  start(): Promise<void>
  /** Lets it stand at a domain instant that is still to come; resolves when it does. */
  stopAt(domainMs: number): Promise<void>
  /** Lets it stand, once every process has had time to see it. Any number of calls; gives up after `withinMs`. */
  stop(withinMs?: number): Promise<void>
}

const SEEN_EVERY_MS = 1_000
/**
 * How long after it was last seen a keeper may have lived, ms. A clock that goes on a little further than it had come does no
 * harm: what was missed is made up for at once. One that goes back would have events come from its future.
 */
const SEEN_GRACE_MS = 5_000

/** Takes the clock in hand; it stands until `start`. One that a crash left running is stopped at where it must have been. */
export async function keepClock({ client, prefix, rate, beginsAt }: ClockKeeperOptions): Promise<ClockKeeper> {
  const { clockSeen } = installationKeys(prefix)
  const found = await readClockMap(client, prefix)
  let map = found === undefined ? standingClock(Date.now(), beginsAt, rate) : await ended(found)
  await storeClockMap(client, prefix, map)
  const seen = () => void client.set(clockSeen, Date.now()).catch(() => {})
  let timer: NodeJS.Timeout | undefined
  return {
    clock: mappedClock(() => map),
    isNew: found === undefined,
    async start() {
      seen()
      timer ??= setInterval(seen, SEEN_EVERY_MS)
      map = startedAt(map, Date.now() + CLOCK_NOTICE_MS, rate)
      await storeClockMap(client, prefix, map)
      await pause(CLOCK_NOTICE_MS)
    },
    async stopAt(domainMs) {
      // Announced late, so that a crash before finds a clock that runs.
      while (timer !== undefined && wallDelayAt(map, Date.now(), domainMs) > 2 * CLOCK_NOTICE_MS)
        await pause(CLOCK_NOTICE_MS / 2)
      if (timer === undefined) return
      const stopsAt = Date.now() + wallDelayAt(map, Date.now(), domainMs)
      map = stoppedAt(map, stopsAt)
      await storeClockMap(client, prefix, map)
      await pause(stopsAt - Date.now())
      release()
    },
    async stop(withinMs = 5_000) {
      release()
      if (isStanding(map)) return
      map = stoppedAt(map, Date.now() + CLOCK_NOTICE_MS)
      // Without Redis a command would wait for it; the next start knows when we were last seen.
      await Promise.race([storeClockMap(client, prefix, map), pause(withinMs)])
      await pause(CLOCK_NOTICE_MS)
    },
  }

  function release(): void {
    clearInterval(timer)
    timer = undefined
  }

  async function ended(running: ClockMap): Promise<ClockMap> {
    if (isStanding(running)) return running
    const lastSeen = Number(await client.get(clockSeen))
    return stoppedAt(running, Math.min(Date.now(), lastSeen + SEEN_GRACE_MS))
  }
}

function isStanding(map: ClockMap): boolean {
  // Also a start that was announced and has not come yet is one to take back.
  return rateAt(map, Number.POSITIVE_INFINITY) === 0
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
