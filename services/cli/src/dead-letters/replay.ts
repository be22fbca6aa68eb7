import type { TopicNames } from '@holdfast/contracts'
import type { EventProducer } from '@holdfast/platform'
import { inputTopics } from '../config.ts'
import type { DeadLetter } from './dead-letter.ts'

const BATCH = 500

/** Sends dead letters back to the input topics that they came from, oldest first. Returns how many. */
export async function replay(
  producer: Pick<EventProducer, 'sendBatch'>,
  topics: TopicNames,
  letters: readonly DeadLetter[],
): Promise<number> {
  const inputs = new Set(inputTopics(topics))
  const wanted = letters.filter(({ topic }) => inputs.has(topic)).sort((a, b) => a.timestamp - b.timestamp)
  for (let i = 0; i < wanted.length; i += BATCH) {
    const batch = wanted.slice(i, i + BATCH)
    await producer.sendBatch(
      [...inputs].map((topic) => ({
        topic,
        // The new record has a time of its own: an event from the future may have come to pass meanwhile.
        messages: batch.filter((letter) => letter.topic === topic).map(({ key, value }) => ({ key, value })),
      })),
    )
  }
  return wanted.length
}
