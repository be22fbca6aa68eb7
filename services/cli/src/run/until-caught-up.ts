import type { Say } from '@holdfast/local'
import { HoldfastError } from '@holdfast/platform'
import type { Env } from '../config.ts'
import { withInstallation } from '../installation.ts'
import { plural } from '../output/text.ts'
import { collectBacklog } from '../status/collect.ts'

const ASK_EVERY_MS = 500
const SAY_EVERY_MS = 5_000
/** A pipeline whose backlog does not shrink for so long is stuck. */
const STUCK_MS = 120_000

/**
 * Waits until everything that is in the topics is in the states, everybody who is due was looked at, and nothing waits to leave.
 * @throws HoldfastError PIPELINE_STUCK
 */
export async function untilCaughtUp(env: Env, say: Say, signal: AbortSignal): Promise<void> {
  await withInstallation(
    async (on) => {
      let [least, movedAt, saidAt] = [Number.POSITIVE_INFINITY, performance.now(), performance.now()]
      for (;;) {
        signal.throwIfAborted()
        const { lag, overdue, outbox } = await collectBacklog(on)
        const left = lag + overdue + outbox
        if (left === 0) return
        const now = performance.now()
        if (left < least) {
          least = left
          movedAt = now
        }
        if (now - movedAt > STUCK_MS) {
          throw new HoldfastError({
            code: 'PIPELINE_STUCK',
            message: `for ${STUCK_MS / 1_000} s the risk-workers have not got on: ${lag} records to read, ${overdue} customers to look at, ${outbox} entries to send`,
            cure: 'their logs tell why; "npx holdfast status" names them.',
          })
        }
        if (now - saidAt > SAY_EVERY_MS) {
          saidAt = now
          say(`catching up: ${plural(lag, 'record')} to read, ${plural(overdue, 'customer')} to look at`)
        }
        await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS))
      }
    },
    { env },
  )
}
