import { execFile } from 'node:child_process'
import {
  connectProducer,
  createKafka,
  createLogger,
  createTopics,
  KAFKA_SETTINGS,
  type KafkaSettings,
  readConfig,
} from '@holdfast/platform'
import { onTestFinished } from 'vitest'
import { stopAfterTest } from './clean-up.ts'
import type { BuiltEvent } from './event-builders.ts'
import { uniqueName } from './names.ts'

/** A logger that keeps quiet; LOG_LEVEL=debug makes it speak. */
export const testLog = createLogger({
  service: 'test',
  level: process.env.LOG_LEVEL === 'debug' ? 'debug' : 'silent',
  pretty: true,
})

export function testKafkaSettings(brokers: readonly string[]): KafkaSettings {
  return readConfig(KAFKA_SETTINGS, { KAFKA_BROKERS: brokers.join(','), KAFKA_CLIENT_ID: 'holdfast-test' })
}

export function testKafka(brokers: readonly string[]) {
  return createKafka(testKafkaSettings(brokers), testLog)
}

/** Topics with names of their own, deleted when the running test ends. */
export async function makeTopics(
  brokers: readonly string[],
  names: readonly string[],
  partitions: number,
  config: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const admin = testKafka(brokers).admin()
  const topics = names.map(uniqueName)
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }))
  onTestFinished(async () => {
    await admin.deleteTopics({ topics })
    await admin.disconnect()
  })
  await admin.connect()
  await createTopics(
    admin,
    topics.map((topic) => ({ topic, numPartitions: partitions, configEntries })),
  )
  return topics
}

/** A producer for the length of the running test. */
export async function testProducer(brokers: readonly string[]) {
  return stopAfterTest(await connectProducer(testKafka(brokers)))
}

/** Events as records of their topics. `topicOf` names the topic of a role. */
export function recordsOf(events: readonly BuiltEvent[], topicOf: (role: BuiltEvent['role']) => string) {
  const topics = [...new Set(events.map(({ role }) => topicOf(role)))]
  return topics.map((topic) => ({
    topic,
    messages: events.filter(({ role }) => topicOf(role) === topic).map(({ key, json }) => ({ key, value: json })),
  }))
}

export interface KcatOptions {
  readonly codec?: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
  /** Default: as Java does, by murmur2 of the key. */
  readonly partition?: number
}

/** Produces with librdkafka, as somebody else's client would. Keys and values: no tab and no line feed. */
export async function kcatProduce(
  brokers: readonly string[],
  topic: string,
  records: readonly { readonly key: string; readonly value: string }[],
  { codec = 'none', partition }: KcatOptions = {},
): Promise<void> {
  const where = partition === undefined ? ['-X', 'topic.partitioner=murmur2_random'] : ['-p', String(partition)]
  const args = ['-P', '-b', brokers.join(','), '-t', topic, '-K', '\t', '-z', codec, ...where]
  await new Promise<void>((resolve, reject) => {
    const child = execFile('kcat', args, (error) => (error === null ? resolve() : reject(error)))
    child.stdin?.end(records.map(({ key, value }) => `${key}\t${value}\n`).join(''))
  })
}
