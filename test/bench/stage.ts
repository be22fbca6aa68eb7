import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { topicNames } from '@holdfast/contracts'
import { MEMBERS_STARTED_TOGETHER_MS, type Say, startKafka, startRedis } from '@holdfast/local'
import {
  connectRedis,
  createKafka,
  createLogger,
  ensureTopics,
  KAFKA_SETTINGS,
  type Logger,
  type RedisClient,
  readConfig,
} from '@holdfast/platform'

export const TOPICS = topicNames()

/** The five topics that the risk-worker reads. */
export function inputsOf({ riskChanges: _, deadLetters: __, ...inputs }: typeof TOPICS): readonly string[] {
  return Object.values(inputs)
}

export type Kafka = ReturnType<typeof createKafka>
export type Admin = ReturnType<Kafka['admin']>

/** A Kafka and a Redis of our own, empty, and our connections to them. */
export interface Stage {
  readonly dir: string
  readonly brokers: readonly string[]
  readonly redisUrl: string
  readonly redisPid: number
  readonly partitions: number
  readonly kafka: Kafka
  readonly admin: Admin
  readonly redis: RedisClient
  readonly log: Logger
  readonly say: Say
  /** Has something stopped with the stage, the last first, should it still run then. */
  own(stop: () => Promise<unknown>): void
  /** Stops everything and forgets all data. */
  stop(): Promise<void>
}

export async function openStage(partitions: number, say: Say): Promise<Stage> {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
  const stops: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const step of stops.splice(0).reverse()) await step().catch((error: unknown) => say(String(error)))
    rmSync(dir, { recursive: true, force: true })
  }
  try {
    // As in `npm start`.
    const membersWithinMs = MEMBERS_STARTED_TOGETHER_MS
    const kafkaServer = await startKafka({ dir: join(dir, 'kafka'), membersWithinMs, say })
    stops.push(kafkaServer.stop)
    const redisServer = await startRedis({ dir: join(dir, 'redis'), say })
    stops.push(redisServer.stop)

    const log = createLogger({ service: 'bench', level: 'warn', pretty: true, destination: process.stderr })
    const kafka = createKafka(readConfig(KAFKA_SETTINGS, { KAFKA_BROKERS: kafkaServer.brokers.join(',') }), log)
    const admin = kafka.admin()
    await admin.connect()
    stops.push(() => admin.disconnect())
    await ensureTopics(admin, {
      inputs: inputsOf(TOPICS),
      changes: [TOPICS.riskChanges],
      deadLetters: [TOPICS.deadLetters],
      partitions,
      replicationFactor: -1,
      now: Date.now(),
    })
    const redis = await connectRedis([redisServer.url], { log, name: 'bench' })
    stops.push(redis.stop)
    return {
      dir,
      brokers: kafkaServer.brokers,
      redisUrl: redisServer.url,
      redisPid: redisServer.pid,
      partitions,
      kafka,
      admin,
      redis: redis.client,
      log,
      say,
      own: (stop) => void stops.push(stop),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
