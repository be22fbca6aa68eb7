import { actionEvent, encodeEvent, type Job } from '@holdfast/contracts'
import type { EventProducer } from '@holdfast/platform'

/** How the delivery-worker signs the events that it writes. */
export const SOURCE = '/holdfast/delivery-worker'

/** What became of a job, for the log. */
export type Outcome =
  | { readonly type: 'action.delivered' }
  | { readonly type: 'action.failed'; readonly reason: string }
  | { readonly type: 'action.suppressed'; readonly reason: string }

/**
 * Writes an outcome to the log; resolves when every replica in sync has it. Its id follows from episode and outcome, so one
 * that is written again after a crash is dropped by whoever reads.
 */
export function createOutcomeWriter(producer: EventProducer, topic: string) {
  return async function writeOutcome(job: Job, outcome: Outcome, at: number): Promise<void> {
    const event = actionEvent(job, job.action, outcome, at, SOURCE)
    const value = Buffer.from(encodeEvent(event))
    await producer.sendBatch([{ topic, messages: [{ key: job.customerId, value, partition: job.shard.partition }] }])
  }
}

export type WriteOutcome = ReturnType<typeof createOutcomeWriter>
