import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseEpisodeId, QUEUE_PREFIX, QUEUES } from '@holdfast/contracts'
import type { ActionKind, CustomerEvent } from '@holdfast/core'
import { findFreePort } from '@holdfast/local'
import { MESSAGES_FILE, type Received, receivedSchema } from '@holdfast/receiver'
import { z } from 'zod'
import { contactKey } from '../support/job-watch.ts'
import { ServiceProcess, spawnService } from '../support/service-process.ts'
import type { Scenario } from './scenario.ts'

/** 32 bytes, as a receiver and a sender share them. */
const SECRET = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`

/** Jobs of all queues, by where they stand. */
export interface JobsUnderWay {
  readonly waiting: number
  /** In the hands of a worker, or of one that died with them. */
  readonly active: number
  readonly delayed: number
  readonly failed: number
}

/** Where messages leave a scenario: delivery-workers and the receiver, which a test may kill and freeze. */
export class PostRoom {
  private deliveries: ServiceProcess[] = []
  private receivers: ServiceProcess[] = []
  private readonly read: Arrival[] = []
  private readonly contacts = new Set<string>()
  private readBytes = 0

  private constructor(
    private readonly scenario: Scenario,
    private readonly receiverPorts: { readonly http: number; readonly smtp: number },
  ) {}

  static async open(scenario: Scenario): Promise<PostRoom> {
    return new PostRoom(scenario, { http: await findFreePort(), smtp: await findFreePort() })
  }

  /** One that takes a few jobs at once and answers for them within two seconds: so that there is much to be broken off. */
  async startDelivery(): Promise<ServiceProcess> {
    const port = await findFreePort()
    const url = `${this.receiverUrl}/webhooks`
    const delivery = new ServiceProcess(
      await spawnService({
        name: `delivery-${this.deliveries.length + 1}`,
        main: 'services/delivery-worker/dist/main.js',
        logDir: this.scenario.services.dir,
        probeUrl: `http://127.0.0.1:${port}`,
        env: {
          ...this.scenario.serviceEnv,
          PROBE_PORT: String(port),
          OUTREACH_CHANNELS: 'webhook',
          OUTREACH_WEBHOOK_URL: `${url}/support`,
          OUTREACH_WEBHOOK_SECRET: SECRET,
          REACTIVATION_CHANNELS: 'webhook',
          REACTIVATION_WEBHOOK_URL: `${url}/marketing`,
          REACTIVATION_WEBHOOK_SECRET: SECRET,
          DELIVERY_CONCURRENCY: '8',
          DELIVERY_TIMEOUT_MS: '2000',
          DELIVERY_BACKOFF_MS: '100',
          DELIVERY_BACKOFF_MAX_MS: '2000',
          JOB_LOCK_MS: '2000',
        },
      }),
    )
    this.deliveries.push(delivery)
    return delivery
  }

  /** On the same ports and folder as the one before. */
  async startReceiver(): Promise<ServiceProcess> {
    const receiver = new ServiceProcess(
      await spawnService({
        name: `receiver-${this.receivers.length + 1}`,
        main: 'infra/receiver/dist/main.js',
        logDir: this.scenario.services.dir,
        probeUrl: this.receiverUrl,
        env: {
          RECEIVER_HTTP_PORT: String(this.receiverPorts.http),
          RECEIVER_SMTP_PORT: String(this.receiverPorts.smtp),
          RECEIVER_DIR: this.scenario.services.dir,
          RECEIVER_WEBHOOK_SECRET: SECRET,
        },
      }),
    )
    this.receivers.push(receiver)
    await receiver.isUp()
    return receiver
  }

  async jobs(): Promise<JobsUnderWay> {
    const { redisClient: client } = this.scenario
    const sum = async (count: (key: string) => Promise<number>, state: string) =>
      (await Promise.all(QUEUES.map((queue) => count(`${QUEUE_PREFIX}:${queue}:${state}`)))).reduce((a, b) => a + b, 0)
    const [waiting, active, delayed, failed] = await Promise.all([
      sum((key) => client.llen(key), 'wait'),
      sum((key) => client.llen(key), 'active'),
      sum((key) => client.zcard(key), 'delayed'),
      sum((key) => client.zcard(key), 'failed'),
    ])
    return { waiting, active, delayed, failed }
  }

  /** All that the receiver took, as its file holds it, which outlives it; a line that a kill cut short is none. */
  arrived(): readonly Arrival[] {
    const file = join(this.scenario.services.dir, MESSAGES_FILE)
    if (!existsSync(file)) return []
    const added = Buffer.alloc(statSync(file).size - this.readBytes)
    const from = openSync(file, 'r')
    readSync(from, added, 0, added.length, this.readBytes)
    closeSync(from)
    const whole = added.subarray(0, added.lastIndexOf('\n') + 1)
    this.readBytes += whole.length
    for (const line of whole.toString().split('\n')) {
      const arrival = arrivalOf(line)
      if (arrival === undefined) continue
      this.read.push(arrival)
      this.contacts.add(arrival.contact)
    }
    return this.read
  }

  /** Who was contacted: `customer action`. */
  reached(): ReadonlySet<string> {
    this.arrived()
    return this.contacts
  }

  /** Jobs that one delivery-worker took over from another, or from one that was there before. */
  takenOver(): number {
    return this.deliveries.reduce((sum, delivery) => sum + delivery.said('was taken over'), 0)
  }

  async stop(): Promise<void> {
    for (const service of [...this.deliveries, ...this.receivers]) {
      service.thaw()
      await service.kill()
    }
  }

  /** For a look at what went wrong. */
  tails(): string {
    return [...this.deliveries, ...this.receivers].map((it) => `── ${it.name}\n${it.tail(2_000)}`).join('\n')
  }

  private get receiverUrl(): string {
    return `http://127.0.0.1:${this.receiverPorts.http}`
  }
}

/** A message that the receiver took. */
export interface Arrival {
  /** The idempotency key. */
  readonly key: string
  /** `customer action`, of what the body says. */
  readonly contact: string
  /** Whether key and body name the same episode, and the receiver found the signature right. */
  readonly isSound: boolean
}

const bodySchema = z.object({
  data: z.object({
    episodeId: z.string(),
    action: z.enum(QUEUES),
    customer: z.object({ id: z.string() }),
  }),
})

function arrivalOf(line: string): Arrival | undefined {
  let message: Received
  try {
    message = receivedSchema.parse(JSON.parse(line))
  } catch {
    return undefined
  }
  const { data } = bodySchema.parse(JSON.parse(message.body ?? ''))
  const key = message.idempotencyKey ?? ''
  const isOne = data.episodeId === key && parseEpisodeId(key)?.customerId === data.customer.id
  const isSound = isOne && message.outcome === 'taken' && message.verified === true
  return { key, contact: contactKey(data.customer.id, data.action), isSound }
}

/** What the log tells of contacts: episodes by `customer action`, of events of one type. */
export function contactsInLog(
  events: ReadonlyMap<string, readonly CustomerEvent[]>,
  type: 'action.decided' | 'action.delivered' | 'action.failed',
): Map<string, Set<number>> {
  const found = new Map<string, Set<number>>()
  for (const [customerId, list] of events) {
    for (const event of list) {
      if (event.type !== type) continue
      const key = contactKey(customerId, event.action satisfies ActionKind)
      found.set(key, (found.get(key) ?? new Set()).add(event.enteredAt))
    }
  }
  return found
}
