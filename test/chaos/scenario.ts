import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createDecoder, parsePolicy, type TopicNames, topicNames } from '@holdfast/contracts'
import { type Policy, type RiskModel, ROLES } from '@holdfast/core'
import { repositoryRoot } from '@holdfast/local'
import {
  connectProducer,
  connectRedis,
  type EventProducer,
  ensureTopics,
  murmur2Partition,
  type OutgoingMessage,
  type RedisConnection,
} from '@holdfast/platform'
import { listVersions, readVersion, riskModelOf } from '@holdfast/scorer'
import { BASE_CURRENCY, eventually, testKafka, testLog } from '@holdfast/testing'
import type { Admin } from 'kafkajs'
import { JobWatch } from '../support/job-watch.ts'
import { PrivateServices } from '../support/private-services.ts'
import { type Backlog, readBacklog, readStoredShards, type StoredShard } from '../support/shards.ts'
import { type LogRecord, type NaiveLog, naiveLog, readWholeLog } from '../support/whole-log.ts'
import { WorkerProcess } from '../support/worker-process.ts'
import type { Draft } from './population.ts'

export const PARTITIONS = 4
const PREFIX = 'hf'

/** Kafka, Redis, and whoever works on them, for one test that breaks all of it. */
export class Scenario {
  private workers: WorkerProcess[] = []
  private sent = 0

  private constructor(
    readonly services: PrivateServices,
    readonly topics: TopicNames,
    readonly model: RiskModel,
    readonly policy: Policy,
    private readonly redis: RedisConnection,
    private readonly admin: Admin,
    private readonly producer: EventProducer,
    readonly watch: JobWatch,
  ) {}

  static async start(): Promise<Scenario> {
    const modelsDir = process.env.MODELS_DIR ?? join(repositoryRoot(), 'models')
    const version = (await listVersions(modelsDir)).at(-1) ?? ''
    const model = riskModelOf((await readVersion(join(modelsDir, version))).manifest)
    const policyFile = join(repositoryRoot(), 'infra/policy/default.yaml')
    const policy = parsePolicy(await readFile(policyFile, 'utf8'), policyFile)
    const services = await PrivateServices.start()
    const kafka = testKafka(services.brokers)
    const admin = kafka.admin()
    await admin.connect()
    const topics = topicNames()
    await ensureTopics(admin, {
      inputs: ROLES.map((role) => topics[role]),
      changes: [topics.riskChanges],
      deadLetters: [topics.deadLetters],
      partitions: PARTITIONS,
      replicationFactor: 1,
      now: Date.now(),
    })
    const redis = await connectRedis([services.redisUrl], { log: testLog, name: 'scenario' })
    const watch = new JobWatch(redis.client)
    watch.start(500)
    const producer = await connectProducer(kafka)
    await beginElsewhere(admin, producer, topics.actions)
    return new Scenario(services, topics, model, policy, redis, admin, producer, watch)
  }

  /** A worker that is on its way up. */
  async startWorker(name: string): Promise<WorkerProcess> {
    const worker = await WorkerProcess.start(name, this.services.dir, {
      ...this.serviceEnv,
      // Small bites, so that a backlog lasts and there are many moments between two commits.
      KAFKA_FETCH_BYTES: '32768',
      GATHER_EVENTS: '4000',
      KAFKA_SESSION_MS: '6000',
      BASE_CURRENCY,
      ...(process.env.MODELS_DIR !== undefined && { MODELS_DIR: process.env.MODELS_DIR }),
      LOG_IS_GENERATED: 'true',
    })
    this.workers.push(worker)
    return worker
  }

  /** Sends records, some of them as no producer should: twice, to a wrong partition, without a key. */
  async feed(drafts: readonly Draft[]): Promise<void> {
    const byTopic = new Map<string, OutgoingMessage[]>()
    for (const { role, key, value } of drafts) {
      const topic = this.topics[role]
      const messages = byTopic.get(topic) ?? []
      byTopic.set(topic, messages)
      const nth = this.sent++
      if (nth % 50 === 17) messages.push({ key: null, value })
      else if (nth % 50 === 34) messages.push({ key, value, partition: this.strangePartition(key ?? '') })
      else messages.push({ key, value })
      if (nth % 40 === 11) messages.push({ key, value })
    }
    const most = Math.max(...[...byTopic.values()].map((messages) => messages.length), 0)
    for (let from = 0; from < most; from += 2_000) {
      const batch = [...byTopic].map(([topic, messages]) => ({ topic, messages: messages.slice(from, from + 2_000) }))
      await this.producer.sendBatch(batch)
    }
  }

  private strangePartition(key: string): number {
    return (murmur2Partition(Buffer.from(key), PARTITIONS) + 1) % PARTITIONS
  }

  backlog(): Promise<Backlog> {
    return readBacklog(this.where, this.admin, this.inputs)
  }

  shards(): Promise<StoredShard[]> {
    return readStoredShards(this.where)
  }

  /** The log as it was written, and what a plain reader makes of it. */
  async readLog(): Promise<{ records: LogRecord[]; naive: NaiveLog }> {
    const kafka = testKafka(this.services.brokers)
    const records = await readWholeLog(kafka, Object.values(this.topics))
    const decode = createDecoder({ base: BASE_CURRENCY, topics: this.topics })
    return { records, naive: naiveLog(records, this.topics, decode) }
  }

  /** Waits until everything is read and done: offsets at the ends, nobody overdue, nothing left to leave, twice in a row. */
  async drained(timeoutMs = 90_000): Promise<Backlog> {
    let before: Backlog | undefined
    return eventually(
      async () => {
        for (const worker of this.workers) {
          if (typeof worker.endedWith === 'number' && worker.endedWith !== 0)
            throw new Error(`${worker.name} ended with ${worker.endedWith}:\n${worker.tail()}`)
        }
        const now = await this.backlog()
        const isDone = now.unread === 0 && now.overdue === 0 && now.outbox === 0
        const wasSame = before?.end === now.end && before.unread === 0
        before = now
        if (!isDone || !wasSame) throw new Error(`not drained: ${JSON.stringify(now)}`)
        return now
      },
      { timeoutMs, everyMs: 250 },
    )
  }

  async stop(): Promise<void> {
    this.watch.stop()
    for (const worker of this.workers) {
      worker.thaw()
      await worker.kill()
    }
    await this.services.stop()
    await Promise.allSettled([this.producer.stop(), this.admin.disconnect(), this.redis.stop()])
  }

  /** What every service of the installation is told. */
  get serviceEnv() {
    return {
      KAFKA_BROKERS: this.services.brokers.join(','),
      REDIS_URL: this.services.redisUrl,
      KEY_PREFIX: PREFIX,
      LOG_LEVEL: 'info',
    }
  }

  get redisClient() {
    return this.redis.client
  }

  /** For a look at what went wrong. */
  tails(): string {
    return this.workers.map((worker) => `── ${worker.name}\n${worker.tail(2_000)}`).join('\n')
  }

  private get where() {
    return { client: this.redis.client, prefix: PREFIX, partitions: PARTITIONS }
  }

  private get inputs(): string[] {
    return ROLES.map((role) => this.topics[role])
  }
}

/** Gives a log an older past that was deleted: it does not begin at 0, and holds nothing yet. */
async function beginElsewhere(admin: Admin, producer: EventProducer, topic: string): Promise<void> {
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition)
  const messages = partitions.map((partition) => ({ key: 'gone', value: '{}', partition }))
  await producer.sendBatch([{ topic, messages }])
  await admin.deleteTopicRecords({ topic, partitions: partitions.map((partition) => ({ partition, offset: '-1' })) })
}
