import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { HEADERS, installationKeys, queuePrefix, type TopicNames, topicNames } from '@holdfast/contracts'
import { type ActionKind, type CustomerState, decodeState, type Role } from '@holdfast/core'
import { repositoryRoot } from '@holdfast/local'
import {
  connectProducer,
  connectRedis,
  createQueue,
  createShardConsumer,
  type EventProducer,
  type KafkaRecord,
  murmur2Partition,
  type OutgoingMessage,
  type RedisClient,
  readShard,
  registerCodecs,
  type ShardReader,
} from '@holdfast/platform'
import { type BuiltEvent, eventually, testKafka, testLog, uniqueName } from '@holdfast/testing'
import { afterEach, inject } from 'vitest'

/** What a record is, told to a producer. */
export interface Produced {
  readonly key: Buffer | string | null
  readonly value: Buffer | string | null
  readonly partition?: number
}

export interface DeadLetter {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly reason: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export interface WorkerProcess {
  readonly child: ChildProcess
  /** Lines of the log, parsed, as they come. */
  readonly log: readonly LogLine[]
  stderr(): string
  /** Resolves with the exit code, null for one that a signal ended. */
  readonly exited: Promise<number | null>
  hasEnded(): boolean
  /** Resolves when it says that it runs. @throws Error with what it said when it ended instead */
  running(): Promise<void>
  probe(path: 'healthz' | 'readyz' | 'metrics'): Promise<{ status: number; text: string }>
  /** SIGTERM. Resolves with the exit code. */
  stop(): Promise<number | null>
}

interface LogLine {
  readonly msg?: string
  readonly probeUrl?: string
  readonly [field: string]: unknown
}

/** An installation of its own within the services of the test run: topics, group and keys that no other test has. */
export interface Installation {
  readonly topics: TopicNames
  readonly partitions: number
  readonly prefix: string
  readonly client: RedisClient
  readonly producer: EventProducer
  readonly env: Readonly<Record<string, string>>
  startWorker(env?: Readonly<Record<string, string>>): WorkerProcess
  /** A worker that has its shards. */
  runWorker(env?: Readonly<Record<string, string>>): Promise<WorkerProcess>
  produce(role: Role, ...records: Produced[]): Promise<void>
  send(...events: BuiltEvent[]): Promise<void>
  partitionOf(customerId: string): number
  shard(partition: number): Promise<ShardReader>
  shardOf(customerId: string): Promise<ShardReader>
  stateOf(customerId: string): Promise<CustomerState | undefined>
  /** The partitions whose shard has a state of the customer. */
  homesOf(customerId: string): Promise<number[]>
  purchasesOf(customerId: string): Promise<number>
  /** Everything in one of the topics so far and from now on. */
  read(role: keyof TopicNames): Promise<readonly KafkaRecord[]>
  deadLetters(): Promise<() => readonly DeadLetter[]>
  /** The job of the newest episode of a customer, if one is queued. */
  jobsOf(action: ActionKind, customerId: string): Promise<readonly string[]>
  readonly intakeStoppedKey: string
  close(): Promise<void>
}

const text = (header: unknown) => String(header)

export interface InstallationOptions {
  readonly partitions?: number
  /** Default: those of the test run. */
  readonly redisUrls?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export async function install(options: InstallationOptions = {}): Promise<Installation> {
  const { partitions = 2, redisUrls = inject('redisUrls') } = options
  registerCodecs()
  const brokers = inject('kafkaBrokers')
  const id = uniqueName('rw')
  const topics = topicNames({
    purchases: `${id}.purchases`,
    support: `${id}.support`,
    engagement: `${id}.engagement`,
    profile: `${id}.profile`,
    actions: `${id}.actions`,
    riskChanges: `${id}.risk-changes`,
    deadLetters: `${id}.dead-letters`,
  })
  const env = {
    KAFKA_BROKERS: brokers.join(','),
    KAFKA_GROUP: id,
    KEY_PREFIX: id,
    REDIS_URL: redisUrls.join(','),
    TOPIC_PURCHASES: topics.purchases,
    TOPIC_SUPPORT: topics.support,
    TOPIC_ENGAGEMENT: topics.engagement,
    TOPIC_PROFILE: topics.profile,
    TOPIC_ACTIONS: topics.actions,
    TOPIC_RISK_CHANGES: topics.riskChanges,
    TOPIC_DEAD_LETTERS: topics.deadLetters,
    TOPIC_PARTITIONS: String(partitions),
    PROBE_PORT: '0',
    LOG_IS_GENERATED: 'true',
    LOG_LEVEL: 'info',
    ...options.env,
  }
  const stops: (() => Promise<unknown>)[] = []
  const { client, stop } = await connectRedis(redisUrls, { log: testLog, name: 'risk-worker-test' })
  stops.push(stop)
  const producer = await connectProducer(testKafka(brokers))
  stops.push(() => producer.stop())
  const queues = new Map(
    (['proactive-outreach', 'reactivation'] as const).map((name) => {
      const queue = createQueue({ client, name, prefix: queuePrefix(id), log: testLog })
      stops.push(() => queue.stop())
      return [name, queue]
    }),
  )

  const shard = (partition: number) => readShard({ client, prefix: id, partition })
  const partitionOf = (customerId: string) => murmur2Partition(Buffer.from(customerId), partitions)
  const stateIn = async (partition: number, customerId: string) => {
    const [bytes] = await (await shard(partition)).states([customerId])
    return bytes === null || bytes === undefined ? undefined : decodeState(bytes)
  }

  const installation: Installation = {
    topics,
    partitions,
    prefix: id,
    client,
    producer,
    env,
    intakeStoppedKey: installationKeys(id).intakeStopped,
    startWorker(more = {}) {
      const worker = startWorker({ ...env, ...more })
      started.push(worker)
      stops.push(async () => {
        if (worker.child.exitCode === null && worker.child.signalCode === null) worker.child.kill('SIGKILL')
        await worker.exited
      })
      return worker
    },
    async runWorker(more) {
      const worker = installation.startWorker(more)
      await worker.running()
      const isReady = async () => worker.hasEnded() || (await worker.probe('readyz')).status === 200
      await eventually(isReady, { timeoutMs: 30_000 })
      await worker.running()
      return worker
    },
    produce: (role, ...records) =>
      producer.sendBatch([{ topic: topics[role], messages: records satisfies OutgoingMessage[] }]),
    send: (...events) =>
      producer.sendBatch(
        events.map(({ role, key, json }) => ({ topic: topics[role], messages: [{ key, value: json }] })),
      ),
    partitionOf,
    shard,
    shardOf: (customerId) => shard(partitionOf(customerId)),
    stateOf: (customerId) => stateIn(partitionOf(customerId), customerId),
    async homesOf(customerId) {
      const all = Array.from({ length: partitions }, (_, partition) => partition)
      const found = await Promise.all(all.map((partition) => stateIn(partition, customerId)))
      return all.filter((partition) => found[partition] !== undefined)
    },
    purchasesOf: async (customerId) => (await installation.stateOf(customerId))?.purchases?.count ?? 0,
    async read(role) {
      const records: KafkaRecord[] = []
      const consumer = createShardConsumer({
        kafka: testKafka(brokers),
        log: testLog,
        groupId: uniqueName('reader'),
        topics: [topics[role]],
        maxWaitMs: 20,
        onBatch: async (batch) => {
          records.push(...batch.records)
        },
        onAssigned: async () => [],
        onRevoked: async () => {},
        onFatal: (error) => {
          throw error
        },
      })
      stops.push(() => consumer.stop())
      await consumer.start()
      return records
    },
    async deadLetters() {
      const records = await installation.read('deadLetters')
      return () => records.map(toDeadLetter)
    },
    async jobsOf(action, customerId) {
      const jobs = await queues.get(action)!.bull.getJobs(['waiting', 'delayed', 'prioritized'])
      return jobs.filter(({ data }) => data.customerId === customerId).map(({ id: jobId }) => String(jobId))
    },
    async close() {
      for (const stopOne of stops.splice(0).reverse()) await stopOne()
      await removeTopics(Object.values(topics))
    },
  }
  // Keys and jobs go while the connection is there: first opened, last stopped, so this runs before it.
  stops.push(async () => {
    for (const queue of queues.values()) {
      const jobs = await queue.bull.getJobs(['waiting', 'delayed', 'prioritized'])
      await Promise.all(jobs.filter(({ data }) => String(data.customerId).startsWith(id)).map((job) => job.remove()))
    }
    const nodes = 'nodes' in client ? client.nodes('master') : [client]
    for (const keys of await Promise.all(nodes.map((node) => node.keys(`${id}:*`)))) {
      for (const key of keys) await client.unlink(key)
    }
  })
  return installation
}

function toDeadLetter({ key, value, headers }: KafkaRecord): DeadLetter {
  return {
    key,
    value,
    reason: text(headers[HEADERS.reason]),
    topic: text(headers[HEADERS.originTopic]),
    partition: Number(text(headers[HEADERS.originPartition])),
    offset: Number(text(headers[HEADERS.originOffset])),
  }
}

async function removeTopics(names: readonly string[]): Promise<void> {
  const admin = testKafka(inject('kafkaBrokers')).admin()
  await admin.connect()
  const there = new Set(await admin.listTopics())
  const topics = names.filter((name) => there.has(name))
  if (topics.length > 0) await admin.deleteTopics({ topics })
  await admin.disconnect()
}

/** Workers of this test file, for whoever has to find out why a test failed. */
const started: WorkerProcess[] = []

/** Prints what the file's workers said after each test that fails. */
export function showWorkersOfFailedTests(): void {
  afterEach(({ task }) => {
    if (task.result?.state !== 'fail') return
    for (const { child, log, stderr } of started) {
      const lines = log.slice(-20).map((line) => JSON.stringify(line).slice(0, 600))
      console.error(`worker ${child.pid}, exit code ${child.exitCode}:\n${lines.join('\n')}\n${stderr()}`)
    }
  })
}

/** The worker as it is run in production: the built program, told everything by its environment. */
function startWorker(env: Readonly<Record<string, string>>): WorkerProcess {
  const child = spawn(process.execPath, ['services/risk-worker/dist/main.js'], {
    cwd: repositoryRoot(),
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const log: LogLine[] = []
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
  })
  createInterface({ input: child.stdout! }).on('line', (line) => {
    if (process.env.LOG_LEVEL === 'debug') process.stderr.write(`${line}\n`)
    log.push(line.startsWith('{') ? (JSON.parse(line) as LogLine) : { msg: line })
  })
  const exited = once(child, 'close').then(([code]: (number | null)[]) => code ?? null)
  let ended = false
  void exited.then(() => {
    ended = true
  })
  const probeUrl = () => log.find((line) => line.probeUrl !== undefined)?.probeUrl
  return {
    child,
    log,
    stderr: () => stderr,
    exited,
    hasEnded: () => ended,
    async running() {
      await eventually(() => ended || probeUrl() !== undefined, { timeoutMs: 60_000 })
      if (ended) throw new Error(`the worker has ended: ${stderr}\n${log.map(({ msg }) => msg).join('\n')}`)
    },
    async probe(path) {
      const response = await fetch(new URL(path, probeUrl()))
      return { status: response.status, text: await response.text() }
    },
    async stop() {
      child.kill('SIGTERM')
      return exited
    },
  }
}

/** The value of one metric; 0 where it has not been counted yet. */
export async function metric(worker: WorkerProcess, name: string, labels: Readonly<Record<string, string>> = {}) {
  const { text: rendered } = await worker.probe('metrics')
  let sum = 0
  for (const line of rendered.split('\n')) {
    if (!line.startsWith(`${name}{`) && !line.startsWith(`${name} `)) continue
    if (!Object.entries(labels).every(([label, value]) => line.includes(`${label}="${value}"`))) continue
    sum += Number(line.slice(line.lastIndexOf(' ') + 1))
  }
  return sum
}

/** A customer id that lives on the given partition, or on any. */
export function customerOn(installation: Installation, partition?: number): string {
  for (;;) {
    const id = uniqueName(`${installation.prefix}-cust`)
    if (partition === undefined || installation.partitionOf(id) === partition) return id
  }
}
