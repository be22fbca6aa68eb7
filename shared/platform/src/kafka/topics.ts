import kafkajs, { type Admin, type ITopicConfig } from 'kafkajs'
import { HoldfastError } from '../errors.ts'
import { retry } from '../retry.ts'
import { requireEqualCounts } from './copartition-assigner.ts'
import { partitionCounts } from './log-bounds.ts'

export interface TopicPlan {
  /** Co-partitioned, never compacted, without a time limit. */
  readonly inputs: readonly string[]
  /** Compacted: the newest record of a key is what matters. */
  readonly changes: readonly string[]
  /** Takes larger records than any input: the original bytes and why. */
  readonly deadLetters: readonly string[]
  /** For inputs where none exists yet, and for the others. */
  readonly partitions: number
  /** -1: the broker's default. */
  readonly replicationFactor: number
  /** Wall clock, ms. */
  readonly now: number
}

export interface TopicReport {
  readonly topic: string
  readonly created: boolean
  readonly partitions: number
  /** Time limit of the records, ms; undefined for none. */
  readonly retentionMs: number | undefined
  /** Instant from which rebuild and training can still see, ms; undefined where all is kept. */
  readonly seesFrom: number | undefined
  /** Sentences for the operator: what this topic will not do. */
  readonly warnings: readonly string[]
}

export interface TopicsReport {
  /** What every input has: the number of shards. */
  readonly partitions: number
  readonly topics: readonly TopicReport[]
}

/** No time limit, nothing compacted. */
const KEPT = { 'cleanup.policy': 'delete', 'retention.ms': '-1' }

/** Room for the reason and the origin in a dead letter's headers, over the largest input record. */
const DEAD_LETTER_ROOM = 65_536
/** An input record may have a body of 1 MiB, with its key and headers beside it. */
const INPUT_MAX_BYTES = 1_114_112

/**
 * Creates what is missing and changes nothing that exists. A missing input gets the count of those that exist.
 * @throws HoldfastError KAFKA_PARTITIONS_DIFFER, KAFKA_TOPICS_NOT_CREATED
 */
export async function ensureTopics(admin: Admin, plan: TopicPlan): Promise<TopicsReport> {
  const all = [...plan.inputs, ...plan.changes, ...plan.deadLetters]
  const before = new Set((await admin.listTopics()).filter((topic) => all.includes(topic)))
  const inputs = plan.inputs.filter((topic) => before.has(topic))
  const found = await partitionCounts(admin, inputs)
  const count = found.length > 0 ? requireEqualCounts(found) : plan.partitions
  const largestInput = Math.max(
    INPUT_MAX_BYTES,
    ...[...(await topicConfigs(admin, inputs)).values()].map((config) => numberOf(config, 'max.message.bytes')),
  )
  const missing = topicsOf(plan, count, largestInput).filter(({ topic }) => !before.has(topic))
  if (missing.length > 0) await create(admin, missing)

  // Another process may have created them at the same time, so what counts is what is there now.
  const counts = await partitionCounts(admin, all)
  const partitions = requireEqualCounts(counts.filter(({ topic }) => plan.inputs.includes(topic)))
  const settled = await topicConfigs(admin, all)
  const topics = counts.map(({ topic, count }): TopicReport => {
    const config = settled.get(topic) ?? new Map()
    const limit = numberOf(config, 'retention.ms')
    const retentionMs = policyOf(config).includes('delete') && limit >= 0 ? limit : undefined
    return {
      topic,
      created: !before.has(topic),
      partitions: count,
      retentionMs,
      seesFrom: retentionMs === undefined ? undefined : plan.now - retentionMs,
      warnings: warningsOf(topic, config, retentionMs, plan, largestInput),
    }
  })
  return { partitions, topics }
}

type TopicConfig = ReadonlyMap<string, string>

function warningsOf(
  topic: string,
  config: TopicConfig,
  retentionMs: number | undefined,
  plan: TopicPlan,
  largestInput: number,
): string[] {
  const warnings: string[] = []
  if (plan.inputs.includes(topic)) {
    if (retentionMs !== undefined) {
      const since = new Date(plan.now - retentionMs).toISOString().slice(0, 10)
      const days = Math.round(retentionMs / 86_400_000)
      warnings.push(`${topic} keeps ${days} days (retention.ms): rebuild and training see nothing before ${since}.`)
    }
    const bytes = numberOf(config, 'retention.bytes')
    if (bytes >= 0) {
      warnings.push(
        `${topic} keeps ${bytes} bytes a partition (retention.bytes): rebuild and training see only what is left.`,
      )
    }
    if (policyOf(config).includes('compact')) {
      warnings.push(
        `${topic} is compacted: of each customer only the newest event stays, so rebuild and training lose history.`,
      )
    }
  }
  if (plan.deadLetters.includes(topic) && numberOf(config, 'max.message.bytes') < largestInput + DEAD_LETTER_ROOM) {
    warnings.push(
      `${topic} takes no larger records than the inputs (max.message.bytes): the largest cannot be put aside.`,
    )
  }
  return warnings
}

function topicsOf(plan: TopicPlan, count: number, largestInput: number): ITopicConfig[] {
  const topic = (name: string, entries: Record<string, string>): ITopicConfig => ({
    topic: name,
    numPartitions: count,
    replicationFactor: plan.replicationFactor,
    configEntries: Object.entries(entries).map(([key, value]) => ({ name: key, value })),
  })
  const deadLetterBytes = String(largestInput + DEAD_LETTER_ROOM)
  return [
    ...plan.inputs.map((name) => topic(name, { ...KEPT, 'max.message.bytes': String(INPUT_MAX_BYTES) })),
    ...plan.changes.map((name) => topic(name, { 'cleanup.policy': 'compact' })),
    ...plan.deadLetters.map((name) => topic(name, { ...KEPT, 'max.message.bytes': deadLetterBytes })),
  ]
}

async function create(admin: Admin, topics: ITopicConfig[]): Promise<void> {
  try {
    await createTopics(admin, topics)
  } catch (cause) {
    throw new HoldfastError({
      code: 'KAFKA_TOPICS_NOT_CREATED',
      message: `could not create ${topics.map(({ topic }) => topic).join(', ')}`,
      cause,
      cure: 'create them by hand, all inputs with the same number of partitions, or let our user create topics.',
    })
  }
}

/** Creates topics and waits until they are there: a broker may for a moment not know what it has just created. */
export async function createTopics(admin: Admin, topics: ITopicConfig[]): Promise<void> {
  try {
    await admin.createTopics({ topics, waitForLeaders: true })
  } catch (error) {
    if (!isNotYetKnown(error)) throw error
  }
  const names = topics.map(({ topic }) => topic)
  await retry(() => partitionCounts(admin, names), { attempts: 12, canRetry: isNotYetKnown })
}

/** kafkajs wraps what a broker answered in what became of its own attempts. */
function isNotYetKnown(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return ('type' in error && error.type === 'UNKNOWN_TOPIC_OR_PARTITION') || isNotYetKnown(error.cause)
}

async function topicConfigs(admin: Admin, topics: readonly string[]): Promise<Map<string, TopicConfig>> {
  if (topics.length === 0) return new Map()
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
  })
  return new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      new Map(configEntries.map(({ configName, configValue }) => [configName, configValue])),
    ]),
  )
}

function numberOf(config: TopicConfig, name: string): number {
  return Number(config.get(name) ?? -1)
}

function policyOf(config: TopicConfig): string[] {
  return (config.get('cleanup.policy') ?? 'delete').split(',')
}
