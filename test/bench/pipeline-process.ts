import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DEFAULT_KEY_PREFIX, type TopicNames } from '@holdfast/contracts'
import { type Daemon, findFreePorts, repositoryRoot, startDaemon } from '@holdfast/local'
import { readShard } from '@holdfast/platform'
import { RISK_WORKER_NODE_FLAGS, RISK_WORKERS_OF_A_RUN } from '@holdfast/risk-worker'
import { z } from 'zod'
import { type Stage, TOPICS } from './stage.ts'

/** As many risk-workers as `npm start` has, each a process, with the keys and topics that they work on. */
export interface Pipeline {
  readonly stage: Stage
  readonly prefix: string
  readonly topics: TopicNames
  readonly workers: readonly Daemon[]
  readonly env: NodeJS.ProcessEnv
  /** Of each shard, the token of its owner before these processes; empty for none. */
  readonly tokensBefore: readonly string[]
  /** `performance.now()` at the start of the first process. */
  readonly spawnedAt: number
  /** Backend and model, as the first process tells. */
  detail(): Promise<{ backend: string; model: string }>
  /** Of all of them. */
  processorSeconds(): number
  stop(): Promise<void>
}

export interface PipelineOptions {
  readonly prefix?: string
  /** Instead of those of every installation. */
  readonly topics?: Partial<TopicNames>
  readonly env?: NodeJS.ProcessEnv
  readonly profileDir?: string | undefined
}

/** Keys and written topics of a pipeline beside the installation's own: nothing that it writes is read by another. */
export function ownPlace(name: string): PipelineOptions {
  const topics = {
    actions: `${name}.actions`,
    riskChanges: `${name}.risk-changes`,
    deadLetters: `${name}.dead-letters`,
  }
  return { prefix: name, topics }
}

const healthSchema = z.object({ detail: z.object({ backend: z.string(), model: z.string() }) })

/**
 * What `holdfast up` sets for the generated shop, and so `npm start` (services/cli/src/run/pipeline.ts); all else is default.
 * Rates of exchange, which it also sets, are never asked for here: every amount is in the base currency.
 */
const AS_IN_NPM_START = { KAFKA_SESSION_MS: '10000', LOG_IS_GENERATED: 'true' }

export async function startPipeline(stage: Stage, options: PipelineOptions = {}): Promise<Pipeline> {
  const { prefix = DEFAULT_KEY_PREFIX, profileDir } = options
  const topics = { ...TOPICS, ...options.topics }
  const env = {
    ...process.env,
    ...AS_IN_NPM_START,
    KAFKA_BROKERS: stage.brokers.join(','),
    KAFKA_GROUP: `risk-worker-${prefix}`,
    REDIS_URL: stage.redisUrl,
    KEY_PREFIX: prefix,
    TOPIC_ACTIONS: topics.actions,
    TOPIC_RISK_CHANGES: topics.riskChanges,
    TOPIC_DEAD_LETTERS: topics.deadLetters,
    TOPIC_PARTITIONS: String(stage.partitions),
    ...options.env,
  }
  const profile = profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(profileDir)}`]
  const tokensBefore = (await Promise.all((await shardsOf({ stage, prefix })).map((shard) => shard.meta()))).map(
    ({ token }) => token,
  )
  const spawnedAt = performance.now()
  const ports = await findFreePorts(RISK_WORKERS_OF_A_RUN.length)
  const workers = await Promise.all(
    RISK_WORKERS_OF_A_RUN.map(async (name, i) => {
      const worker = await startDaemon({
        name,
        command: process.execPath,
        args: [...RISK_WORKER_NODE_FLAGS, ...profile, join(repositoryRoot(), 'services/risk-worker/dist/main.js')],
        logFile: join(stage.dir, `${name}.log`),
        env: { ...env, PROBE_PORT: String(ports[i]) },
        cwd: repositoryRoot(),
      })
      stage.own(worker.stop)
      return worker
    }),
  )
  return {
    stage,
    prefix,
    topics,
    workers,
    env,
    tokensBefore,
    spawnedAt,
    async detail() {
      const response = await fetch(`http://127.0.0.1:${ports[0]}/healthz`)
      return healthSchema.parse(await response.json()).detail
    },
    processorSeconds: () => workers.reduce((sum, { pid }) => sum + processorSecondsOf(pid), 0),
    async stop() {
      await Promise.all(workers.map((worker) => worker.stop()))
    },
  }
}

/** @throws Error if one of them has ended, with the end of its log */
export function requireAlive({ workers }: Pipeline): void {
  const ended = workers.find((worker) => worker.hasEnded())
  if (ended === undefined) return
  const end = readFileSync(ended.logFile, 'utf8').trimEnd().split('\n').slice(-12).join('\n')
  throw new Error(`a risk-worker ended by itself; the end of its log:\n${end}`)
}

export function shardsOf({ stage, prefix }: Pick<Pipeline, 'stage' | 'prefix'>) {
  const { redis: client, partitions } = stage
  return Promise.all(Array.from({ length: partitions }, (_, partition) => readShard({ client, prefix, partition })))
}

const TICKS_A_SECOND = 100

/** User and system time of a process, s; NaN where there is no /proc. */
export function processorSecondsOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND
  } catch {
    return Number.NaN
  }
}
