import { join } from 'node:path'
import {
  dataFolder,
  findFreePort,
  isAlive,
  markProcess,
  type ProcessMark,
  type RunState,
  removeRunState,
  repositoryRoot,
  resolveServices,
  type Say,
  type Stoppable,
  type Supervisor,
  superviseProcess,
  writeRunState,
} from '@holdfast/local'
import { asError, createKafka, createLogger, ensureTopics, HoldfastError } from '@holdfast/platform'
import { RISK_WORKER_NODE_FLAGS } from '@holdfast/risk-worker'
import { type Env, inputTopics, readSettings, topicsOf, withRates } from '../config.ts'
import { watchShop } from './watch-shop.ts'

export interface PipelineOptions {
  readonly env: Env
  /** Feed the generated shop. */
  readonly shop: boolean
  /** Of a shop that has to be opened. */
  readonly customers: number
  readonly say: Say
  /** Told of each thing that was started, as soon as it can be stopped. */
  readonly onStarted: (started: Stoppable) => void
  /** Aborted when it is to stop: nothing more is started then. */
  readonly signal: AbortSignal
}

/**
 * Starts Kafka and Redis where none are given, makes the topics, starts the risk-worker and the shop, and keeps the run state
 * up to date. Resolves when all of it does its work.
 * @throws what failed to start; whatever was started before has been told to `onStarted`
 */
export async function startPipeline(options: PipelineOptions): Promise<RunState> {
  const { shop, say, onStarted, signal } = options
  const services = await resolveServices({ mode: 'live', env: { ...options.env }, say })
  // Forgotten last: until then "down" can still find what hangs.
  onStarted({ name: 'run state', stop: async () => removeRunState() })
  onStarted({ name: 'redis', stop: (ms) => services.redis.stop(ms) })
  onStarted({ name: 'kafka', stop: (ms) => services.kafka.stop(ms) })
  signal.throwIfAborted()

  const run = createRun(services)
  const env: Env = {
    // After a crash a new member waits for the old one's session to end.
    KAFKA_SESSION_MS: '10000',
    LOG_IS_GENERATED: String(shop),
    ...withRates(options.env),
    KAFKA_BROKERS: services.kafka.brokers.join(','),
    REDIS_URL: services.redis.urls.join(','),
  }
  await makeTopics(env, say)
  signal.throwIfAborted()

  const dist = (service: string) => join(repositoryRoot(), 'services', service, 'dist')
  const worker = join(dist('risk-worker'), 'main.js')
  const startWorker = startService({
    ...options,
    run,
    env,
    name: 'risk-worker',
    nodeFlags: RISK_WORKER_NODE_FLAGS,
    script: worker,
    probe: 'readyz',
  })
  if (!shop) {
    await startWorker
    return run.state()
  }
  // Side by side: most of a start is loading code, and the shop needs nothing but the topics.
  const [workerUrl, shopUrl] = await Promise.all([
    startWorker,
    startService({
      ...options,
      run,
      env: { ...env, SHOP_CUSTOMERS: String(options.customers) },
      name: 'shop',
      script: join(dist('cli'), 'feed', 'main.js'),
      probe: 'healthz',
    }),
  ])
  signal.throwIfAborted()
  await watchShop(shopUrl, say, signal)
  // It may have fallen over the first events.
  await requireReady('risk-worker', workerUrl, run, signal)
  return run.state()
}

const READY_WITHIN_MS = 60_000

/** @throws HoldfastError SERVICE_NOT_READY */
async function requireReady(name: string, url: string, run: Run, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS
  while (!(await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) }).then(isOk, () => false))) {
    signal.throwIfAborted()
    if (performance.now() > deadline) {
      const logFile = run.state().services.find((service) => service.name === name)?.logFile
      throw new HoldfastError({
        code: 'SERVICE_NOT_READY',
        message: `${name} does not get ready: ${url}/readyz does not answer 2xx`,
        cure: `its log tells why: ${logFile}`,
      })
    }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

async function isOk(response: Response): Promise<boolean> {
  await response.body?.cancel()
  return response.ok
}

/** The run state, written at each change. */
interface Run {
  state(): RunState
  put(service: RunState['services'][number]): void
}

function createRun({ kafka, redis }: Awaited<ReturnType<typeof resolveServices>>): Run {
  let state: RunState = {
    mode: 'live',
    startedAt: new Date().toISOString(),
    owner: markProcess(process.pid),
    kafka: {
      origin: kafka.origin,
      brokers: kafka.brokers,
      ...(kafka.pid !== undefined && { process: markProcess(kafka.pid) }),
    },
    redis: {
      origin: redis.origin,
      urls: redis.urls,
      ...(redis.pid !== undefined && { process: markProcess(redis.pid) }),
    },
    services: [],
  }
  writeRunState(state)
  return {
    state: () => state,
    put(service) {
      const isIt = ({ name }: { name: string }) => name === service.name
      const known = state.services.some(isIt)
      const services = known ? state.services.map((s) => (isIt(s) ? service : s)) : [...state.services, service]
      state = { ...state, services }
      writeRunState(state)
    },
  }
}

async function makeTopics(env: Env, say: Say): Promise<void> {
  const config = readSettings(env)
  const topics = topicsOf(config)
  const admin = createKafka(config, createLogger({ service: 'up', level: 'silent' })).admin()
  try {
    await admin.connect()
    const { topics: made } = await ensureTopics(admin, {
      inputs: inputTopics(topics),
      changes: [topics.riskChanges],
      deadLetters: [topics.deadLetters],
      partitions: config.TOPIC_PARTITIONS,
      replicationFactor: config.TOPIC_REPLICATION,
      now: Date.now(),
    })
    const created = made.filter((topic) => topic.created)
    if (created.length > 0) say(`topics created: ${created.map(({ topic }) => topic).join(', ')}`)
    for (const { warnings } of made) for (const warning of warnings) say(`warning: ${warning}`)
  } finally {
    await admin.disconnect()
  }
}

interface ServiceStart extends Pick<PipelineOptions, 'say' | 'onStarted'> {
  readonly run: Run
  readonly env: Env
  readonly name: string
  readonly script: string
  /** For Node, before the script. */
  readonly nodeFlags?: readonly string[]
  /** Which answer means that it has started. */
  readonly probe: 'readyz' | 'healthz'
}

/** Returns the URL of the service. */
async function startService({
  run,
  env,
  name,
  script,
  nodeFlags = [],
  probe,
  say,
  onStarted,
}: ServiceStart): Promise<string> {
  const port = await findFreePort()
  const url = `http://127.0.0.1:${port}`
  const logFile = join(dataFolder('live'), 'logs', `${name}.log`)
  say(`starting ${name}`)
  let mark: ProcessMark | undefined
  let supervisor: Supervisor | undefined
  const starting = superviseProcess({
    name,
    command: process.execPath,
    args: [...nodeFlags, script],
    env: { ...env, PROBE_PORT: String(port) },
    cwd: repositoryRoot(),
    logFile,
    readyUrl: `${url}/${probe}`,
    say,
    onStart(pid) {
      mark = markProcess(pid)
      run.put({ name, process: mark, url, logFile })
    },
  })
  onStarted({
    name,
    async stop(withinMs) {
      if (supervisor === undefined) await endEarly(mark, withinMs)
      // It may have become ready just then; its supervisor would start it again.
      const started = await starting.catch(() => undefined)
      await started?.stop(withinMs)
    },
  })
  supervisor = await starting.catch((thrown: unknown) => {
    throw new HoldfastError({
      code: 'SERVICE_NOT_STARTED',
      message: asError(thrown).message,
      cure: `mend what its log names, then start again: ${logFile}`,
    })
  })
  return url
}

/**
 * Ends a process that was never ready. SIGTERM first: it may have joined the consumer group, and whoever starts next would
 * wait for the session of a member that did not say goodbye.
 */
async function endEarly(mark: ProcessMark | undefined, withinMs = 2_000): Promise<void> {
  if (mark === undefined || !isAlive(mark)) return
  process.kill(mark.pid, 'SIGTERM')
  const killAt = performance.now() + withinMs
  for (let killed = false; isAlive(mark); ) {
    if (!killed && performance.now() > killAt) {
      process.kill(mark.pid, 'SIGKILL')
      killed = true
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
