import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LocalKafka, type LocalRedis, sayNothing, startKafka, startRedis } from '@holdfast/local'
import { connectRedis } from '@holdfast/platform'
import { testLog } from '@holdfast/testing'

/** Folder in which Redis keeps its append-only file, within its own. */
const APPEND_ONLY = 'appendonlydir'

/**
 * A Kafka and a Redis that belong to one test, so that it may kill them. They come back on the same folders and ports.
 */
export class PrivateServices {
  private copies = 0

  private constructor(
    readonly dir: string,
    readonly brokers: readonly string[],
    readonly redisUrl: string,
    private kafka: LocalKafka | undefined,
    private redis: LocalRedis | undefined,
  ) {}

  static async start({ withKafka = true } = {}): Promise<PrivateServices> {
    const dir = mkdtempSync(join(tmpdir(), 'holdfast-private-'))
    const [kafka, redis] = await Promise.allSettled([
      withKafka ? startKafka({ dir: join(dir, 'kafka'), heapMb: 384, say: sayNothing }) : undefined,
      startRedis({ dir: join(dir, 'redis'), say: sayNothing }),
    ])
    if (kafka.status === 'fulfilled' && redis.status === 'fulfilled') {
      return new PrivateServices(dir, kafka.value?.brokers ?? [], redis.value.url, kafka.value, redis.value)
    }
    for (const service of [kafka, redis]) if (service.status === 'fulfilled') await service.value?.kill()
    rmSync(dir, { recursive: true, force: true })
    throw kafka.status === 'rejected' ? kafka.reason : redis.status === 'rejected' && redis.reason
  }

  async killRedis(): Promise<void> {
    await this.redis?.kill()
    this.redis = undefined
  }

  async restartRedis(): Promise<void> {
    this.redis = await startRedis({ dir: join(this.dir, 'redis'), port: portOf(this.redisUrl), say: sayNothing })
  }

  async killKafka(): Promise<void> {
    await this.kafka?.kill()
    this.kafka = undefined
  }

  async restartKafka(): Promise<void> {
    const [broker = ''] = this.brokers
    this.kafka = await startKafka({
      dir: join(this.dir, 'kafka'),
      port: portOf(`kafka://${broker}`),
      heapMb: 384,
      say: sayNothing,
    })
  }

  /**
   * A copy of Redis as it stands now, taken as a disk snapshot would be: the append-only file only grows, so whatever has been
   * copied of it is Redis at some instant. It must not be rewritten meanwhile.
   */
  async copyRedis(): Promise<string> {
    const { client, stop } = await connectRedis([this.redisUrl], { log: testLog, name: 'copy' })
    try {
      await client.config('SET', 'auto-aof-rewrite-percentage', '0')
      const info = await client.info('persistence')
      if (!/aof_rewrite_in_progress:0/.test(info)) throw new Error('the append-only file is being rewritten')
    } finally {
      await stop()
    }
    const copy = join(this.dir, `redis-copy-${++this.copies}`)
    cpSync(join(this.dir, 'redis', APPEND_ONLY), copy, { recursive: true })
    return copy
  }

  /** Puts Redis, which must have been killed, back to what it was when the copy was taken. */
  async restoreRedis(copy: string): Promise<void> {
    const current = join(this.dir, 'redis', APPEND_ONLY)
    rmSync(current, { recursive: true })
    cpSync(copy, current, { recursive: true })
    await this.restartRedis()
  }

  async stop(): Promise<void> {
    await Promise.allSettled([this.kafka?.kill(), this.redis?.kill()])
    rmSync(this.dir, { recursive: true, force: true })
  }
}

function portOf(url: string): number {
  return Number(new URL(url).port)
}
