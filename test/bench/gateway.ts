import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { findFreePort, type LocalKafka, repositoryRoot, startDaemon, startKafka } from '@holdfast/local'
import { connectAdmin, createKafka, KAFKA_SETTINGS, logBounds, readConfig } from '@holdfast/platform'
import { z } from 'zod'
import { createEventSource, type EventSource } from './events.ts'
import type { Options } from './options.ts'
import { processorSecondsOf } from './pipeline-process.ts'
import { number } from './report.ts'
import { inputsOf, type Stage, TOPICS } from './stage.ts'
import { percentile, type Row } from './table.ts'

/** Whoever sends has one request on its way at a time; more of them raise the rate no further, only the wait. */
const SENDERS_OF_ONE = 64
const SENDERS_OF_HUNDRED = 16
const WARM_UP_MS = 2_000

/** A broker that is far too busy, as it seems from outside: of every period it stands still for most. */
const SLOW = { standsMs: 80, ofMs: 100 }

interface Load {
  readonly batch: number
  readonly senders: number
  readonly seconds: number
}

interface Measured extends Load {
  readonly eventsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Answered with 429 or 503: sent again after the pause that the answer names. */
  readonly askedToWait: number
  /** Of a core. */
  readonly gatewayLoad: number
}

/**
 * A gateway and a Kafka of its own, so that the broker can be made slow.
 * @throws Error when an answer is none of 202, 429 and 503, or when the log lacks what was accepted
 */
export async function measureGateway(stage: Stage, { customers, gatewaySeconds: seconds }: Options): Promise<Row[]> {
  const kafka = await startKafka({ dir: join(stage.dir, 'gateway-kafka'), heapMb: 384, say: stage.say })
  stage.own(() => kafka.stop())
  const gateway = await startGateway(stage, kafka)
  const next = createEventSource({ customers, seed: 3 })
  let accepted = 0
  const measure = async (load: Load) => {
    const { taken, ...measured } = await applyLoad(gateway, next, load)
    accepted += taken
    return measured
  }
  stage.say('gateway: batches of 1')
  const ones = await measure({ batch: 1, senders: SENDERS_OF_ONE, seconds })
  stage.say('gateway: batches of 100')
  const hundreds = await measure({ batch: 100, senders: SENDERS_OF_HUNDRED, seconds })
  stage.say('gateway: the same with a slow broker')
  const slowly = await whileSlow(kafka, () => measure({ batch: 100, senders: SENDERS_OF_HUNDRED, seconds }))
  const inLog = await countLog(stage, kafka)
  if (inLog < accepted) throw new Error(`the gateway accepted ${accepted} events, and the log has ${inLog}`)
  await gateway.stop()
  await kafka.stop()
  const slowNote = `stands still ${SLOW.standsMs} of every ${SLOW.ofMs} ms; log checked: ${number(accepted)} accepted, none missing`
  return [
    ...rowsOf('gateway, batches of 1', ones),
    ...rowsOf('gateway, batches of 100', hundreds),
    ...rowsOf('gateway, batches of 100, slow broker', slowly, slowNote),
  ]
}

function rowsOf(name: string, measured: Measured, more = ''): Row[] {
  const { eventsPerSecond, p50Ms, p99Ms, senders, gatewayLoad, askedToWait } = measured
  const busy = `${senders} senders; the gateway kept ${(100 * gatewayLoad).toFixed()} % of a core busy`
  const waits = askedToWait === 0 ? '' : `; asked to wait ${number(askedToWait)} times`
  return [
    { name, value: eventsPerSecond, unit: 'events/s', note: `${busy}${waits}` },
    { name: `${name}: sent to 202, p50`, value: p50Ms, unit: 'ms', digits: 1 },
    { name: `${name}: sent to 202, p99`, value: p99Ms, unit: 'ms', digits: 1, ...(more !== '' && { note: more }) },
  ]
}

interface GatewayUnderLoad {
  readonly port: number
  readonly pid: number
  stop(): Promise<void>
}

async function startGateway(stage: Stage, kafka: LocalKafka): Promise<GatewayUnderLoad> {
  const port = await findFreePort()
  const daemon = await startDaemon({
    name: 'gateway',
    command: process.execPath,
    args: [join(repositoryRoot(), 'services', 'gateway', 'dist', 'main.js')],
    logFile: join(stage.dir, 'gateway.log'),
    env: {
      ...process.env,
      KAFKA_BROKERS: kafka.brokers.join(','),
      REDIS_URL: stage.redisUrl,
      TOPIC_PARTITIONS: String(stage.partitions),
      GATEWAY_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      GATEWAY_TOKEN: '',
    },
    cwd: repositoryRoot(),
  })
  stage.own(daemon.stop)
  for (;;) {
    const isReady = await fetch(`http://127.0.0.1:${port}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (isReady) return { port, pid: daemon.pid, stop: () => daemon.stop() }
    if (daemon.hasEnded()) throw new Error(`the gateway ended:\n${readFileSync(daemon.logFile, 'utf8').slice(-3_000)}`)
    await pause(50)
  }
}

async function applyLoad(
  { port, pid }: GatewayUnderLoad,
  next: EventSource,
  { batch, senders, seconds }: Load,
): Promise<Measured & { readonly taken: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: senders })
  const latencies: number[] = []
  let askedToWait = 0
  let taken = 0
  let measuredEvents = 0
  const startAt = performance.now() + WARM_UP_MS
  const endAt = startAt + seconds * 1_000
  const send = async () => {
    while (performance.now() < endAt) {
      const body = batchOf(next, batch)
      for (let isTaken = false; !isTaken; ) {
        const sentAt = performance.now()
        const { status, text, retryAfterMs } = await post(agent, port, body)
        const answeredAt = performance.now()
        isTaken = status === 202
        if (isTaken) {
          taken += requireAll(text, batch)
          if (answeredAt >= startAt && answeredAt < endAt) {
            latencies.push(answeredAt - sentAt)
            measuredEvents += batch
          }
        } else if (status === 429 || status === 503) {
          askedToWait++
          await pause(retryAfterMs)
        } else {
          throw new Error(`the gateway answered ${status}: ${text.slice(0, 500)}`)
        }
      }
    }
  }
  const usedBefore = pause(WARM_UP_MS).then(() => processorSecondsOf(pid))
  try {
    await Promise.all(Array.from({ length: senders }, send))
  } finally {
    agent.destroy()
  }
  latencies.sort((a, b) => a - b)
  return {
    batch,
    senders,
    seconds,
    taken,
    askedToWait,
    eventsPerSecond: measuredEvents / seconds,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    gatewayLoad: (processorSecondsOf(pid) - (await usedBefore)) / seconds,
  }
}

function batchOf(next: EventSource, size: number): string {
  const now = Date.now()
  if (size === 1) return next(now).value
  return `[${Array.from({ length: size }, () => next(now).value).join(',')}]`
}

const resultSchema = z.object({ accepted: z.array(z.unknown()), rejected: z.array(z.unknown()) })

function requireAll(text: string, expected: number): number {
  const { accepted, rejected } = resultSchema.parse(JSON.parse(text))
  if (accepted.length === expected) return expected
  throw new Error(`the gateway refused events: ${JSON.stringify(rejected[0])}`)
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly retryAfterMs: number
}

async function post(agent: Agent, port: number, body: string): Promise<Answer> {
  const type = body.startsWith('[') ? 'application/cloudevents-batch+json' : 'application/cloudevents+json'
  const headers = { 'content-type': type, 'content-length': Buffer.byteLength(body) }
  const sending = request({ agent, host: '127.0.0.1', port, path: '/v1/events', method: 'POST', headers })
  const answered = new Promise<Answer>((resolve, reject) => {
    sending.once('error', reject)
    sending.once('response', (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      const retryAfterMs = 1_000 * Number(response.headers['retry-after'] ?? 1)
      once(response, 'end').then(() => resolve({ status: response.statusCode ?? 0, text, retryAfterMs }), reject)
    })
  })
  sending.end(body)
  return answered
}

/** SIGSTOP and SIGCONT in turns; the broker runs when this returns, whatever happens. */
async function whileSlow<T>(kafka: LocalKafka, work: () => Promise<T>): Promise<T> {
  let isDone = false
  const slowing = (async () => {
    while (!isDone) {
      process.kill(kafka.pid, 'SIGSTOP')
      await pause(SLOW.standsMs)
      process.kill(kafka.pid, 'SIGCONT')
      await pause(SLOW.ofMs - SLOW.standsMs)
    }
  })()
  try {
    return await work()
  } finally {
    isDone = true
    await slowing
  }
}

async function countLog({ log }: Stage, { brokers }: LocalKafka): Promise<number> {
  const settings = readConfig(KAFKA_SETTINGS, { KAFKA_BROKERS: brokers.join(',') })
  const { admin, stop } = await connectAdmin(createKafka(settings, log))
  try {
    return (await logBounds(admin, inputsOf(TOPICS))).reduce((sum, { low, high }) => sum + high - low, 0)
  } finally {
    await stop()
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
