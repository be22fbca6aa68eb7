import type { DELIVERY_WORKER_METRICS } from '@holdfast/contracts'
import type { ActionKind } from '@holdfast/core'
import type { Collectors } from '@holdfast/platform'
import type { Attempt, ChannelName } from './channels/channel.ts'

/** Turns what a delivery tells into the metrics of `contracts/metrics.ts`. */
export function createObserver(metrics: Collectors<typeof DELIVERY_WORKER_METRICS>) {
  return {
    held: (action: ActionKind, reason: string) => metrics.held.inc({ action, reason }),
    attempted(action: ActionKind, channel: ChannelName, outcome: Attempt['kind'], ms: number) {
      metrics.attempts.inc({ action, channel, outcome })
      metrics.attemptSeconds.observe({ channel }, ms / 1_000)
    },
    delivered: (action: ActionKind, queuedToDeliveredMs: number) =>
      metrics.queuedToDeliveredSeconds.observe({ action }, Math.max(0, queuedToDeliveredMs) / 1_000),
    suppressed(action: ActionKind, reason: string) {
      metrics.suppressed.inc({ action, reason })
      metrics.deliveries.inc({ action, outcome: 'suppressed' })
    },
    settled: (action: ActionKind, outcome: 'delivered' | 'failed' | 'partly') =>
      metrics.deliveries.inc({ action, outcome }),
  }
}

export type Observer = ReturnType<typeof createObserver>
