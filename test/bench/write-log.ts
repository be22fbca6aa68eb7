import { connectProducer, type OutgoingMessage } from '@holdfast/platform'
import { createEventSource } from './events.ts'
import { type Stage, TOPICS } from './stage.ts'

const DAY_MS = 86_400_000
/** How far back the log begins. */
const SPAN_MS = 400 * DAY_MS
const BATCH = 5_000
const SAY_EVERY_MS = 5_000

/** Fills the topics with the past 400 days, in the order of time. */
export async function writeLog({ kafka, say }: Stage, { events, customers }: { events: number; customers: number }) {
  const producer = await connectProducer(kafka)
  const next = createEventSource({ customers, seed: 1 })
  const end = Date.now() - 1_000
  const startedAt = performance.now()
  let saidAt = startedAt
  try {
    for (let made = 0; made < events; ) {
      const byRole = { purchases: [] as OutgoingMessage[], support: [] as OutgoingMessage[] }
      for (let i = 0; i < BATCH && made < events; i++, made++) {
        const { role, customerId, value } = next(Math.floor(end - SPAN_MS * (1 - made / events)))
        byRole[role].push({ key: customerId, value })
      }
      await producer.sendBatch([
        { topic: TOPICS.purchases, messages: byRole.purchases },
        { topic: TOPICS.support, messages: byRole.support },
      ])
      if (performance.now() - saidAt > SAY_EVERY_MS) {
        saidAt = performance.now()
        say(`… writing the log: ${made.toLocaleString('en-US')} of ${events.toLocaleString('en-US')} events`)
      }
    }
  } finally {
    await producer.stop()
  }
  const seconds = (performance.now() - startedAt) / 1_000
  say(`✓ log written: ${events.toLocaleString('en-US')} events in ${seconds.toFixed(1)} s`)
}
