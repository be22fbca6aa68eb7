import { topicNames } from '@holdfast/contracts'
import { DAY_MS } from '@holdfast/core'
import { connectProducer, type OutgoingMessage } from '@holdfast/platform'
import { generateShop } from '@holdfast/simulation'
import type { Pipeline } from './pipeline-process.ts'
import type { Stage } from './stage.ts'

const HISTORY_MS = 500 * DAY_MS
const BATCH = 5_000

/** Topics of its own: the log of the other parts stays out of it. */
export function topicsUnder(prefix: string) {
  const roles = ['purchases', 'support', 'engagement', 'profile', 'actions', 'riskChanges', 'deadLetters'] as const
  return topicNames(Object.fromEntries(roles.map((role) => [role, `${prefix}.${role}`])))
}

/** As the risk-worker would, but its records carry the instant at which the broker has them. */
export async function createChangesTopic({ admin, partitions }: Stage, topic: string): Promise<void> {
  const configEntries = [
    { name: 'cleanup.policy', value: 'compact' },
    { name: 'message.timestamp.type', value: 'LogAppendTime' },
  ]
  await admin.createTopics({ waitForLeaders: false, topics: [{ topic, numPartitions: partitions, configEntries }] })
}

/** Fills the topics with a generated shop, from its first day up to an instant, ms. */
export async function writeHistory({ stage, topics }: Pipeline, customers: number, until: number): Promise<void> {
  const shop = generateShop({ seed: 11, customers, from: until - HISTORY_MS, until })
  const producer = await connectProducer(stage.kafka)
  const byTopic = new Map<string, OutgoingMessage[]>()
  let inHand = 0
  let written = 0
  const send = async () => {
    await producer.sendBatch([...byTopic].map(([topic, messages]) => ({ topic, messages })))
    written += inHand
    inHand = 0
    byTopic.clear()
  }
  try {
    for (const { role, event } of shop.events) {
      const topic = topics[role]
      const messages = byTopic.get(topic) ?? []
      byTopic.set(topic, messages)
      messages.push({ key: event.subject, value: JSON.stringify(event) })
      if (++inHand >= BATCH) await send()
    }
    await send()
  } finally {
    await producer.stop()
  }
  stage.say(
    `✓ history written: ${written.toLocaleString('en-US')} events of ${customers.toLocaleString('en-US')} customers`,
  )
}
