import { type TopicNames, topicNames } from '@holdfast/contracts'
import type { Role } from '@holdfast/core'
import { testKafka, uniqueName } from '@holdfast/testing'
import { inject } from 'vitest'
import { z } from 'zod'
import { type GatewayProcess, startGateway } from './gateway-process.ts'

export const PARTITIONS = 3

export interface TopicRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly key: string
  readonly timestamp: number
  readonly event: Readonly<Record<string, unknown>>
}

/** Topics and keys of its own within the services of the test run, and gateways on them. */
export interface Shop {
  readonly topics: TopicNames
  readonly env: Readonly<Record<string, string>>
  startGateway(env?: Readonly<Record<string, string>>): Promise<GatewayProcess>
  /** Everything that is in a topic now. */
  read(role: Role): Promise<readonly TopicRecord[]>
  close(): Promise<void>
}

export function openShop(brokers: readonly string[] = inject('kafkaBrokers')): Shop {
  const id = uniqueName('gw')
  const { riskChanges, deadLetters, ...inputs } = topicNames()
  const named = Object.entries({ ...inputs, riskChanges, deadLetters }).map(([role]) => [role, `${id}.${role}`])
  const topics = topicNames(Object.fromEntries(named))
  const env = {
    KAFKA_BROKERS: brokers.join(','),
    REDIS_URL: inject('redisUrls').join(','),
    KEY_PREFIX: id,
    TOPIC_PURCHASES: topics.purchases,
    TOPIC_SUPPORT: topics.support,
    TOPIC_ENGAGEMENT: topics.engagement,
    TOPIC_PROFILE: topics.profile,
    TOPIC_ACTIONS: topics.actions,
    TOPIC_RISK_CHANGES: topics.riskChanges,
    TOPIC_DEAD_LETTERS: topics.deadLetters,
    TOPIC_PARTITIONS: String(PARTITIONS),
    CURRENCY_RATES: 'GBP=1.17',
  }
  const started: GatewayProcess[] = []
  return {
    topics,
    env,
    async startGateway(more = {}) {
      const gateway = await startGateway({ ...env, ...more })
      started.push(gateway)
      return gateway
    },
    read: (role) => readTopic(brokers, topics[role]),
    async close() {
      for (const gateway of started) await gateway.kill()
      const admin = testKafka(brokers).admin()
      await admin.connect()
      const there = new Set(await admin.listTopics())
      const mine = Object.values(topics).filter((topic) => there.has(topic))
      if (mine.length > 0) await admin.deleteTopics({ topics: mine })
      await admin.disconnect()
    },
  }
}

async function readTopic(brokers: readonly string[], topic: string): Promise<readonly TopicRecord[]> {
  const kafka = testKafka(brokers)
  const admin = kafka.admin()
  await admin.connect()
  const bounds = await admin.fetchTopicOffsets(topic)
  await admin.disconnect()
  const missing = new Map(bounds.filter(({ high }) => Number(high) > 0).map((b) => [b.partition, Number(b.high)]))
  const records: TopicRecord[] = []
  if (missing.size === 0) return records
  const consumer = kafka.consumer({ groupId: uniqueName('reader') })
  await consumer.connect()
  try {
    await consumer.subscribe({ topic, fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      consumer.on('consumer.crash', ({ payload }) => payload.restart || reject(payload.error))
      const eachMessage: Parameters<typeof consumer.run>[0] = {
        async eachMessage({ partition, message }) {
          const offset = Number(message.offset)
          records.push({
            topic,
            partition,
            offset,
            key: String(message.key),
            timestamp: Number(message.timestamp),
            event: eventSchema.parse(JSON.parse(String(message.value))),
          })
          if (offset + 1 >= (missing.get(partition) ?? 0)) missing.delete(partition)
          if (missing.size === 0) resolve()
        },
      }
      consumer.run(eachMessage).catch(reject)
    })
  } finally {
    await consumer.disconnect()
  }
  return records
}

const eventSchema = z.record(z.string(), z.unknown())

const resultSchema = z.object({
  accepted: z.array(
    z.object({
      index: z.number(),
      id: z.string(),
      topic: z.string(),
      partition: z.number(),
      offset: z.number(),
      duplicate: z.literal(true).optional(),
    }),
  ),
  rejected: z.array(z.object({ index: z.number(), id: z.string().nullable(), field: z.string(), reason: z.string() })),
})
const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  detail: z.string(),
  instance: z.string(),
  errors: z.array(z.object({ field: z.string(), reason: z.string() })).default([]),
})

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly result: z.infer<typeof resultSchema>
  readonly problem: z.infer<typeof problemSchema>
}

export const STRUCTURED = 'application/cloudevents+json'
export const BATCH = 'application/cloudevents-batch+json'

export async function post(
  { url }: { readonly url: string },
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const raw = typeof body === 'string' || body instanceof Uint8Array
  const response = await fetch(`${url}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': Array.isArray(body) ? BATCH : STRUCTURED, ...headers },
    body: raw ? body : JSON.stringify(body),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    // Each throws where the answer is of the other kind, which is what a test then wants to hear.
    get result() {
      return resultSchema.parse(JSON.parse(text))
    },
    get problem() {
      return problemSchema.parse(JSON.parse(text))
    },
  }
}

export function purchase(changes: object = {}, data: object = {}) {
  return {
    specversion: '1.0',
    id: uniqueName('event'),
    source: '/test',
    type: 'purchase.completed',
    subject: uniqueName('cust'),
    time: new Date().toISOString(),
    data: { orderId: uniqueName('order'), amount: '49.90', currency: 'EUR', ...data },
    ...changes,
  }
}

/** The value of one metric. */
export async function metric({ url }: { readonly url: string }, line: RegExp): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const found = text.split('\n').find((one) => line.test(one))
  return found === undefined ? 0 : Number(found.slice(found.lastIndexOf(' ') + 1))
}
