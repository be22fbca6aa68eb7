import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  findFreePort,
  isAlive,
  type LocalKafka,
  type LocalRedis,
  type Machine,
  repositoryRoot,
  resolveServices,
  sayNothing,
  startKafka,
  startRedis,
  startRedisCluster,
} from '@holdfast/local'
import { Redis } from 'ioredis'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest'

let root: string
const stops: (() => Promise<void>)[] = []
const say = sayNothing

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'holdfast-embedded-'))
})
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const stopAfterwards = <T extends { stop(): Promise<void> }>(service: T): T => {
  stops.push(() => service.stop())
  return service
}

const occupy = async (): Promise<{ port: number; server: Server }> => {
  const port = await findFreePort()
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  stops.push(() => new Promise((resolve) => server.close(() => resolve())))
  return { port, server }
}

describe('an embedded Kafka', () => {
  const client = (kafka: LocalKafka) => new Kafka({ brokers: kafka.brokers, logLevel: logLevel.NOTHING })

  it('keeps topics and records through an orderly stop and through a crash, on the same port', async () => {
    const dir = join(root, 'kafka')
    const first = await startKafka({ dir, say })
    const port = Number(first.brokers[0]?.split(':')[1])
    const admin = client(first).admin()
    await admin.connect()
    await admin.createTopics({ topics: [{ topic: 'kept', numPartitions: 3 }], waitForLeaders: true })
    await admin.disconnect()
    const producer = client(first).producer({ allowAutoTopicCreation: false })
    await producer.connect()
    await producer.send({ topic: 'kept', messages: [{ key: 'a', value: 'x'.repeat(1_500_000), partition: 1 }] })
    await producer.disconnect()
    await first.stop()
    expect(isAlive({ pid: first.pid })).toBe(false)

    const second = await startKafka({ dir, port, say })
    await second.kill()
    expect(isAlive({ pid: second.pid })).toBe(false)

    const third = stopAfterwards(await startKafka({ dir, say }))
    expect(third.brokers).toEqual(first.brokers)
    const again = client(third).admin()
    await again.connect()
    const offsets = await again.fetchTopicOffsets('kept')
    await again.disconnect()
    expect(offsets.map(({ partition, high }) => `${partition}:${high}`).sort()).toEqual(['0:0', '1:1', '2:0'])
  })

  it('does not make topics that nobody asked for', async () => {
    const admin = new Kafka({ brokers: inject('kafkaBrokers'), logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    const topic = `never-created-${process.pid}`
    await expect(admin.fetchTopicMetadata({ topics: [topic] })).rejects.toThrow(/does not host this topic/)
    expect(await admin.listTopics()).not.toContain(topic)
    await admin.disconnect()
  })

  it('says which port is taken', async () => {
    const { port } = await occupy()
    await expect(startKafka({ dir: join(root, 'kafka-taken'), port, say })).rejects.toThrow(`port ${port} on 127.0.0.1`)
  })

  it('says why when it cannot start', async () => {
    const failure = startKafka({ dir: join(root, 'kafka-broken'), heapMb: 1, say })
    await expect(failure).rejects.toThrow(/Kafka did not start \(exit code 1\)[\s\S]*heap/i)
  })
})

describe('an embedded Redis', () => {
  const withClient = async <T>(redis: LocalRedis, use: (client: Redis) => Promise<T>): Promise<T> => {
    const client = new Redis(redis.url, { lazyConnect: true })
    try {
      await client.connect()
      return await use(client)
    } finally {
      client.disconnect()
    }
  }

  it('keeps its data through an orderly stop, and what was synced through a crash, on the same port', async () => {
    const dir = join(root, 'redis')
    const first = await startRedis({ dir, say })
    await withClient(first, (client) => client.set('kept', 'yes'))
    await first.stop()
    const second = await startRedis({ dir, say })
    expect(second.url).toBe(first.url)
    // A rewrite of the append-only file ends with a sync, so we need not wait for the one of every second.
    await withClient(second, async (client) => {
      await client.set('crashed', 'too')
      await client.bgrewriteaof()
      const rewriting = async () => /aof_rewrite_(in_progress|scheduled):1/.test(await client.info('persistence'))
      await expect.poll(rewriting, { timeout: 10_000 }).toBe(false)
    })
    await second.kill()
    const third = stopAfterwards(await startRedis({ dir, say }))
    expect(await withClient(third, (client) => client.mget('kept', 'crashed'))).toEqual(['yes', 'too'])
  })

  it('appends to a file, evicts nothing and listens on the loopback only', async () => {
    const redis = stopAfterwards(await startRedis({ dir: join(root, 'redis-settings'), say }))
    const setting = (name: string) => withClient(redis, (client) => client.config('GET', name))
    expect(await setting('appendonly')).toEqual(['appendonly', 'yes'])
    expect(await setting('maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction'])
    expect(await setting('bind')).toEqual(['bind', '127.0.0.1'])
  })

  it('goes to another port when the one it had is taken, and says so when it must not', async () => {
    const { port } = await occupy()
    await expect(startRedis({ dir: join(root, 'redis-taken'), port, say })).rejects.toThrow(`port ${port} on 127.0.0.1`)
    const dir = join(root, 'redis-moves')
    const first = await startRedis({ dir, say })
    await first.stop()
    const usurper = createServer()
    await new Promise<void>((resolve) => usurper.listen(Number(new URL(first.url).port), '127.0.0.1', resolve))
    stops.push(() => new Promise((resolve) => usurper.close(() => resolve())))
    const second = stopAfterwards(await startRedis({ dir, say }))
    expect(second.url).not.toBe(first.url)
  })

  it('refuses a folder that is in use', async () => {
    const dir = join(root, 'redis-in-use')
    stopAfterwards(await startRedis({ dir, say }))
    await expect(startRedis({ dir, say })).rejects.toThrow(/in use by process/)
  })

  it.runIf(existsSync('/usr/bin/setpriv'))('ends with its owner, even one that was killed', async () => {
    const script = `
      import { startRedis } from '@holdfast/local'
      const redis = await startRedis({ dir: process.argv[1] })
      console.log(redis.pid)
      setInterval(() => {}, 1000)`
    const owner = spawn(
      process.execPath,
      ['--conditions=source', '--import', 'tsx', '--input-type=module', '-e', script, join(root, 'redis-orphan')],
      { stdio: ['ignore', 'pipe', 'inherit'], cwd: join(repositoryRoot(), 'infra', 'local') },
    )
    stops.push(async () => void owner.kill('SIGKILL'))
    const pid = await new Promise<number>((resolve) => owner.stdout.once('data', (data) => resolve(Number(data))))
    expect(isAlive({ pid })).toBe(true)
    owner.kill('SIGKILL')
    await expect.poll(() => isAlive({ pid }), { timeout: 10_000 }).toBe(false)
  })
})

describe('an embedded Redis Cluster', () => {
  it('serves every slot, and is the same cluster when started again', async () => {
    const dir = join(root, 'cluster')
    const first = await startRedisCluster({ dir, say })
    const write = async (urls: string[], value?: string) => {
      const cluster = new Redis.Cluster(urls)
      try {
        for (let key = 0; value && key < 50; key++) await cluster.set(`key-${key}`, value)
        return await Promise.all(Array.from({ length: 50 }, (_, key) => cluster.get(`key-${key}`)))
      } finally {
        cluster.disconnect()
      }
    }
    const values = await write(first.urls, 'kept')
    await first.stop()
    expect(first.pids.some((pid) => isAlive({ pid }))).toBe(false)
    const second = stopAfterwards(await startRedisCluster({ dir, say }))
    expect(await write(second.urls)).toEqual(values)
    expect(new Set(values)).toEqual(new Set(['kept']))
  })

  it('needs three nodes', async () => {
    await expect(startRedisCluster({ dir: join(root, 'two'), nodes: 2, say })).rejects.toThrow(/3 nodes or more/)
  })
})

describe('resolveServices', () => {
  it('takes what the environment names and starts nothing', async () => {
    const dataDir = join(root, 'given')
    const env = { KAFKA_BROKERS: 'a:1, b:2', REDIS_URL: 'redis://c:3' }
    const { kafka, redis } = stopAfterwards(await resolveServices({ env, dataDir, say }))
    expect(kafka).toMatchObject({ origin: 'environment', brokers: ['a:1', 'b:2'] })
    expect(redis).toMatchObject({ origin: 'environment', urls: ['redis://c:3'] })
    expect(existsSync(dataDir)).toBe(false)
  })

  it('resolves the two independently of each other', async () => {
    const dataDir = join(root, 'mixed')
    const services = await resolveServices({ env: { KAFKA_BROKERS: 'a:1' }, dataDir, say })
    expect(services.redis.origin).toBe('embedded')
    expect(readdirSync(dataDir)).toEqual(['redis'])
    expect(readFileSync(join(dataDir, 'redis', 'redis.log'), 'utf8')).toContain('Ready to accept connections')
    await services.stop()
    expect(isAlive({ pid: services.redis.pid ?? 0 })).toBe(false)
  })

  const engineAnswers = spawnSync('docker', ['info']).status === 0
  it.skipIf(engineAnswers)(
    'says what is missing, the command to type and the way around, where nothing can be had',
    async () => {
      const bare: Machine = {
        version: async () => undefined,
        hasApt: true,
        isRoot: false,
        platform: 'linux',
        aptGet: () => expect.fail('not root'),
      }
      const dataDir = join(root, 'bare')
      const withoutKafka = resolveServices({ env: { REDIS_URL: 'redis://c:3' }, dataDir, say, machine: bare })
      await expect(withoutKafka).rejects.toThrow(
        /no kafka to run with: missing: Java 17[\s\S]*sudo apt-get install -y default-jre-headless maven[\s\S]*KAFKA_BROKERS/,
      )
      const withoutRedis = resolveServices({ env: { KAFKA_BROKERS: 'a:1' }, dataDir, say, machine: bare })
      await expect(withoutRedis).rejects.toThrow(
        /no redis to run with: [\s\S]*sudo apt-get install -y redis-server[\s\S]*REDIS_URL/,
      )
      expect(existsSync(dataDir)).toBe(false)
    },
  )
})
