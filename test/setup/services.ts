import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureInstalled, startKafka, startRedis, startRedisCluster, type Tool } from '@holdfast/local'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  export interface ProvidedContext {
    /** `host:port` of the brokers of this test run. */
    kafkaBrokers: string[]
    /** One URL of a single Redis, or one of each node of a Redis Cluster. */
    redisUrls: string[]
  }
}

const list = (value: string | undefined): string[] | undefined => value?.split(',').map((item) => item.trim())

/**
 * One Kafka and one Redis for each of the projects that ask for them, on fresh folders, gone afterwards. Tests get them by
 * `inject('kafkaBrokers')` and `inject('redisUrls')` and use names of their own within.
 *
 * TEST_KAFKA_BROKERS, TEST_REDIS_URL   use these instead of starting any (comma-separated)
 * HOLDFAST_TEST_REDIS=cluster          start a Redis Cluster of three nodes in place of one server
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const givenBrokers = list(process.env.TEST_KAFKA_BROKERS)
  const givenRedis = list(process.env.TEST_REDIS_URL)
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-test-'))
  const stops: (() => Promise<void>)[] = []
  const teardown = async () => {
    await Promise.allSettled(stops.map((stop) => stop()))
    rmSync(dir, { recursive: true, force: true })
  }
  const brokers = async () => {
    if (givenBrokers) return givenBrokers
    const kafka = await startKafka({ dir: join(dir, 'kafka') })
    stops.push(kafka.stop)
    return kafka.brokers
  }
  const redisUrls = async () => {
    if (givenRedis) return givenRedis
    if (process.env.HOLDFAST_TEST_REDIS === 'cluster') {
      const cluster = await startRedisCluster({ dir: join(dir, 'redis') })
      stops.push(cluster.stop)
      return cluster.urls
    }
    const redis = await startRedis({ dir: join(dir, 'redis') })
    stops.push(redis.stop)
    return [redis.url]
  }
  const needed: Tool[] = [
    ...(givenBrokers ? [] : (['java', 'maven'] as const)),
    ...(givenRedis ? [] : (['redis-server'] as const)),
  ]
  try {
    await ensureInstalled(needed)
    // Both settle before a failure of one is told, so that the other is known to be stopped.
    const [kafka, redis] = await Promise.allSettled([brokers(), redisUrls()])
    if (kafka.status === 'rejected') throw kafka.reason
    if (redis.status === 'rejected') throw redis.reason
    project.provide('kafkaBrokers', kafka.value)
    project.provide('redisUrls', redis.value)
  } catch (error) {
    await teardown()
    throw error
  }
  return teardown
}
