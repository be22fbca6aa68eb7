/**
 * The worker that most would write first, as the baseline: one event after the other, a hash of the customer read and written
 * back, one prediction an event, an alert when the risk rises past a threshold. It loses events or counts them twice when it
 * crashes, and never notices silence. Run by main.ts as a process of its own.
 */
import { loadBackend } from '@holdfast/scorer'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import kafkajs from 'kafkajs'
import { readOrder, startWatch, tellMeasured } from './measured-process.ts'

const { brokers, redisUrl, topics, events } = readOrder()
const DAY_MS = 86_400_000
const AT_RISK = 0.6

// The same TensorFlow.js and backend as the risk-worker's.
const { tf } = await loadBackend()
const model = tf.sequential({
  layers: [tf.layers.dense({ inputShape: [6], units: 1, activation: 'sigmoid' })],
})
// What matters here is the cost of a prediction, not its wisdom.
model.setWeights([tf.tensor2d([[0.03], [-0.6], [-0.1], [0.4], [-0.002], [-0.1]]), tf.tensor1d([0.2])])

const redis = new Redis(redisUrl)
const queue = new Queue('straightforward-alerts', { connection: redis })
const kafka = new kafkajs.Kafka({ brokers, clientId: 'straightforward', logLevel: kafkajs.logLevel.ERROR })
const consumer = kafka.consumer({ groupId: 'straightforward' })

let watch = startWatch()
consumer.on(consumer.events.GROUP_JOIN, () => {
  watch = startWatch()
})
await consumer.connect()
await consumer.subscribe({ topics, fromBeginning: true })

let seen = 0
await consumer.run({
  async eachMessage({ message }) {
    if (seen === events) return
    await handle(JSON.parse(String(message.value)))
    seen++
    if (seen === events) tellMeasured(watch(seen))
  },
})

interface Event {
  readonly type: string
  readonly subject: string
  readonly time: string
  readonly data: { readonly amount?: string; readonly score?: number }
}

async function handle(event: Event): Promise<void> {
  const key = `customer:${event.subject}`
  const stored = await redis.hgetall(key)
  const at = Date.parse(event.time)
  const customer = {
    firstSeenAt: Number(stored.firstSeenAt ?? at),
    lastPurchaseAt: Number(stored.lastPurchaseAt ?? at),
    purchases: Number(stored.purchases ?? 0),
    spend: Number(stored.spend ?? 0),
    openTickets: Number(stored.openTickets ?? 0),
    satisfaction: Number(stored.satisfaction ?? 3),
    risk: Number(stored.risk ?? 0),
  }
  const before = customer.risk
  const silentDays = (at - customer.lastPurchaseAt) / DAY_MS

  if (event.type === 'purchase.completed') {
    customer.purchases++
    customer.spend += Number(event.data.amount)
    customer.lastPurchaseAt = at
  } else if (event.type === 'support.ticket_opened') {
    customer.openTickets++
  } else if (event.type === 'support.ticket_resolved') {
    customer.openTickets = Math.max(0, customer.openTickets - 1)
  } else if (event.type === 'survey.responded') {
    customer.satisfaction = event.data.score ?? customer.satisfaction
  }

  customer.risk = predict([
    silentDays,
    Math.log1p(customer.purchases),
    Math.log1p(customer.spend),
    customer.openTickets,
    (at - customer.firstSeenAt) / DAY_MS,
    customer.satisfaction,
  ])
  await redis.hset(key, customer)
  if (before < AT_RISK && customer.risk >= AT_RISK) {
    await queue.add('proactive-outreach', { customerId: event.subject, risk: customer.risk })
  }
}

function predict(features: number[]): number {
  return tf.tidy(() => {
    const output = model.predict(tf.tensor2d([features]))
    const [score] = (Array.isArray(output) ? output[0]! : output).dataSync()
    return score ?? 0
  })
}
