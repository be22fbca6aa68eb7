import { Cluster, Redis } from 'ioredis'
import { as, type ConfigOf, type Settings } from '../config.ts'
import { asError, HoldfastError } from '../errors.ts'
import type { Stoppable } from '../lifecycle.ts'
import type { Logger } from '../logger.ts'
import { retry } from '../retry.ts'
import { makeStringsFast } from './fast-strings.ts'

/** One server or a cluster; the commands are the same. */
export type RedisClient = Redis | Cluster

/** How to reach Redis; part of the configuration of every process that does. */
export const REDIS_SETTINGS = {
  REDIS_URL: {
    parse: as
      .list()
      .refine(
        (urls) => urls.length > 0 && urls.every(isRedisUrl),
        'expected redis://host:port or rediss://…, or several',
      ),
    default: 'redis://127.0.0.1:6379',
    unit: 'URL, …',
    says: 'Where the state is; several addresses, comma-separated, mean a Redis Cluster.',
    // It may hold a password.
    secret: true,
  },
} as const satisfies Settings

export type RedisSettings = ConfigOf<typeof REDIS_SETTINGS>

function isRedisUrl(text: string): boolean {
  return URL.canParse(text) && ['redis:', 'rediss:'].includes(new URL(text).protocol)
}

export interface RedisConnection extends Stoppable {
  readonly client: RedisClient
  /** Whether commands are answered now; while false they wait. */
  isReady(): boolean
}

export interface ConnectRedisOptions {
  readonly log: Logger
  /** By which `CLIENT LIST` and the log name the connection. */
  readonly name: string
  /** How often to try at first, with pauses of up to 2 s. Default 8. */
  readonly attempts?: number
}

/**
 * A connection that answers when this returns. Afterwards it reconnects for ever: commands wait for Redis to come back, which
 * BullMQ asks for and which makes an outage a pause. A command whose answer was lost with the connection is **sent again**, so
 * what is sent must be safe to run twice; a commit is, by its number.
 * @throws HoldfastError REDIS_UNREACHABLE, REDIS_REFUSED
 */
export async function connectRedis(urls: readonly string[], options: ConnectRedisOptions): Promise<RedisConnection> {
  const { attempts = 8 } = options
  makeStringsFast()
  const client = await retry(() => open(urls, options), { attempts, baseMs: 100, maxMs: 2_000 })
  return {
    client,
    isReady: () => client.status === 'ready',
    async stop() {
      // Without a connection QUIT would wait for one.
      if (client.status === 'ready') await client.quit()
      else client.disconnect()
    },
  }
}

async function open(urls: readonly string[], { log, name }: ConnectRedisOptions): Promise<RedisClient> {
  const client = create(urls, name)
  const state: { opened: boolean; lastError?: Error } = { opened: false }
  client.on('error', (err: Error) => {
    state.lastError = err
    if (state.opened) log.warn({ err, connection: name }, 'Redis does not answer; commands wait')
  })
  client.on('ready', () => state.opened && log.info({ connection: name }, 'Redis answers again'))
  try {
    await client.connect()
    await client.ping()
    state.opened = true
    return client
  } catch (thrown) {
    client.disconnect()
    throw connectionError(urls, state.lastError ?? asError(thrown))
  }
}

function create(urls: readonly string[], connectionName: string): RedisClient {
  const common = { connectionName, maxRetriesPerRequest: null, enableOfflineQueue: true, keepAlive: 10_000 }
  const [first] = urls
  const pauseMs = (attempt: number) => Math.min(100 * attempt, 2_000)
  if (first !== undefined && urls.length === 1) {
    return new Redis(first, { ...common, lazyConnect: true, retryStrategy: pauseMs })
  }
  const { username, password, tls } = nodeOptions(first)
  return new Cluster([...urls], {
    lazyConnect: true,
    clusterRetryStrategy: pauseMs,
    redisOptions: { connectionName, maxRetriesPerRequest: null, keepAlive: 10_000, ...username, ...password, ...tls },
  })
}

/** A cluster's nodes name each other without scheme and password, so these are taken from the first address. */
function nodeOptions(url = 'redis://') {
  const { protocol, username, password } = new URL(url)
  return {
    username: username !== '' && { username: decodeURIComponent(username) },
    password: password !== '' && { password: decodeURIComponent(password) },
    tls: protocol === 'rediss:' && { tls: {} },
  }
}

function connectionError(urls: readonly string[], cause: Error): HoldfastError {
  const where = urls.map((url) => new URL(url).host).join(', ')
  const text = `${cause.message} ${asError(cause.cause ?? '').message}`
  if (/NOAUTH|WRONGPASS|NOPERM/.test(text)) {
    return new HoldfastError({
      code: 'REDIS_REFUSED',
      message: `Redis at ${where} does not let us in`,
      cause,
      cure: 'put the user and the password into REDIS_URL: redis://user:password@host:port.',
    })
  }
  return new HoldfastError({
    code: 'REDIS_UNREACHABLE',
    message: `no Redis answers at ${where}`,
    cause,
    cure: 'start it, or set REDIS_URL; several addresses, comma-separated, mean a Redis Cluster.',
    canRetry: true,
  })
}
