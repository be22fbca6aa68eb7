import { logBounds } from '@holdfast/platform'
import type { Admin, Kafka } from '../installation.ts'
import { readLog } from '../log/read-log.ts'
import { type DeadLetter, deadLetterOf } from './dead-letter.ts'

export interface DeadLettersRequest {
  readonly kafka: Kafka
  readonly admin: Admin
  readonly topic: string
  /** The newest so many of each partition; all of them unless given. */
  readonly limit: number | undefined
}

/** The dead letters, newest first, each once, and how many records the topic has. None where there is no topic yet. */
export async function readDeadLetters({
  kafka,
  admin,
  topic,
  limit,
}: DeadLettersRequest): Promise<{ letters: DeadLetter[]; total: number }> {
  if (!(await admin.listTopics()).includes(topic)) return { letters: [], total: 0 }
  const total = (await logBounds(admin, [topic])).reduce((sum, { low, high }) => sum + high - low, 0)
  // A relay that crashed midway sends a dead letter again: the origin tells.
  const byOrigin = new Map<string, DeadLetter>()
  await readLog({
    kafka,
    admin,
    topics: [topic],
    ...(limit !== undefined && { newest: limit }),
    onBatch(records) {
      for (const letter of records.map(deadLetterOf)) byOrigin.set(letter.origin, letter)
    },
  })
  const letters = [...byOrigin.values()].sort((a, b) => b.timestamp - a.timestamp || b.origin.localeCompare(a.origin))
  return { letters, total }
}
