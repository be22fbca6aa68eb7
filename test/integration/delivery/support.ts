import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type ActionEvent, episodeId, queuePrefix } from '@holdfast/contracts'
import type { ActionKind, CustomerState } from '@holdfast/core'
import { repositoryRoot } from '@holdfast/local'
import { createQueue, type JobQueue } from '@holdfast/platform'
import { type faultSchema, type Received, type Receiver, receivedSchema, startReceiver } from '@holdfast/receiver'
import { anEvent, aPurchase, type BuiltEvent, eventually, testLog } from '@holdfast/testing'
import type { z } from 'zod'
import { customerOn, type Installation, install, type WorkerProcess } from '../risk-worker/support.ts'

export const DAY = 86_400_000
export const HORIZON = 90 * DAY
/** 32 bytes, as a receiver and a sender would share them. */
export const SECRET = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`

/** A delivery-worker as it is deployed: a process of its own, from the last build. */
export class DeliveryProcess {
  private probeUrl: string | undefined
  private readonly lines: string[] = []
  private readonly ended: Promise<number | null>
  private hasEnded = false

  private constructor(private readonly child: ChildProcess) {
    const keep = (line: string) => {
      this.lines.push(line)
      if (process.env.LOG_LEVEL === 'debug') process.stderr.write(`${line}\n`)
      this.probeUrl ??= /"probeUrl":"([^"]+)"/.exec(line)?.[1]
    }
    for (const stream of [child.stdout, child.stderr]) if (stream) createInterface({ input: stream }).on('line', keep)
    this.ended = once(child, 'close').then(([code]: (number | null)[]) => {
      this.hasEnded = true
      return code ?? null
    })
  }

  static async start(env: Readonly<Record<string, string>>): Promise<DeliveryProcess> {
    const child = spawn(process.execPath, ['services/delivery-worker/dist/main.js'], {
      cwd: repositoryRoot(),
      env: { PATH: process.env.PATH ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const worker = new DeliveryProcess(child)
    await eventually(async () => worker.hasEnded || (await worker.probe('readyz'))?.status === 200, {
      timeoutMs: 60_000,
    })
    if (worker.hasEnded) throw new Error(`the delivery-worker has ended:\n${worker.said()}`)
    return worker
  }

  async probe(path: 'readyz' | 'metrics'): Promise<{ status: number; text: string } | undefined> {
    if (this.probeUrl === undefined || this.hasEnded) return undefined
    const response = await fetch(new URL(path, this.probeUrl))
    return { status: response.status, text: await response.text() }
  }

  /** The sum of a metric over the lines that hold all of these labels. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const rendered = (await this.probe('metrics'))?.text ?? ''
    return rendered
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`))
      .filter((line) => Object.entries(labels).every(([label, value]) => line.includes(`${label}="${value}"`)))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
  }

  /** SIGTERM. Resolves with the exit code. */
  async stop(): Promise<number | null> {
    this.child.kill('SIGTERM')
    return this.ended
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.ended
  }

  said(): string {
    return this.lines.slice(-30).join('\n')
  }
}

/** An installation with a receiver, whose delivery-workers come and go. */
export interface DeliveryStage {
  readonly shop: Installation
  readonly receiver: Receiver
  /** The risk-worker that the stage was opened with. */
  readonly risk: WorkerProcess
  readonly queues: Readonly<Record<ActionKind, JobQueue<object>>>
  startDelivery(env?: Readonly<Record<string, string>>): Promise<DeliveryProcess>
  startRiskWorker(): Promise<WorkerProcess>
  /** Who lapsed a moment ago and may be written to: the risk-worker queues a reactivation. Resolves when the job is there. */
  lapsedCustomer(profile?: Readonly<Record<string, string>>): Promise<string>
  /** Sends them and waits until the customer's state says so. */
  foldUntil(id: string, isThere: (state: CustomerState) => boolean, ...events: BuiltEvent[]): Promise<void>
  /** The episode under which the customer must be written to. */
  episodeOf(id: string): Promise<string>
  /** All that the receiver was sent, in order, faults included. */
  received(): Received[]
  /** Of that, what is about the customer. */
  receivedOf(id: string): Received[]
  /** Those that the receiver took. */
  takenOf(id: string): Received[]
  /** What the delivery-worker told the log about the customer. */
  outcomesOf(id: string): { type: string; reason: string | undefined }[]
  misbehave(fault: z.input<typeof faultSchema>): Promise<void>
  behave(): Promise<void>
  stopReceiver(): Promise<void>
  /** On the same ports and folder. */
  restartReceiver(): Promise<void>
  close(): Promise<void>
}

export async function openStage(): Promise<DeliveryStage> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-delivery-'))
  const policy = join(folder, 'policy.yaml')
  writeFileSync(policy, 'actions: {}\n')
  const shop = await install({ env: { POLICY_FILE: policy } })
  const receiverEnv = { RECEIVER_DIR: folder, RECEIVER_WEBHOOK_SECRET: SECRET }
  const receiver = await startReceiver(receiverEnv, testLog)
  let running = receiver
  // It makes the topics.
  const risk = await shop.runWorker()
  const actions = await shop.read('actions')
  const queueOf = (name: ActionKind) =>
    createQueue<object>({ client: shop.client, name, prefix: queuePrefix(shop.prefix), log: testLog })
  const queues = { 'proactive-outreach': queueOf('proactive-outreach'), reactivation: queueOf('reactivation') }
  const deliveries: DeliveryProcess[] = []

  const received = (): Received[] =>
    readFileSync(receiver.file, { encoding: 'utf8', flag: 'a+' })
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => receivedSchema.parse(JSON.parse(line)))
  const isAbout = (id: string) => (message: Received) =>
    message.idempotencyKey?.endsWith(`.${encodeURIComponent(id)}`) === true
  const askReceiver = async (method: 'POST' | 'DELETE', fault?: object) => {
    const response = await fetch(`${receiver.httpUrl}/faults`, {
      method,
      ...(fault !== undefined && { body: JSON.stringify(fault), headers: { 'content-type': 'application/json' } }),
    })
    if (!response.ok) throw new Error(`the receiver refuses the fault: ${await response.text()}`)
  }

  const stage: DeliveryStage = {
    shop,
    receiver,
    risk,
    queues,
    async startDelivery(env = {}) {
      const worker = await DeliveryProcess.start({
        ...shop.env,
        PROBE_PORT: '0',
        REACTIVATION_CHANNELS: 'webhook',
        REACTIVATION_WEBHOOK_URL: `${receiver.httpUrl}/webhooks/marketing`,
        REACTIVATION_WEBHOOK_SECRET: SECRET,
        DELIVERY_BACKOFF_MS: '100',
        DELIVERY_TIMEOUT_MS: '2500',
        JOB_LOCK_MS: '10000',
        ...env,
      })
      deliveries.push(worker)
      return worker
    },
    startRiskWorker: () => shop.runWorker(),
    async lapsedCustomer(profile) {
      const customerId = customerOn(shop)
      const consent = anEvent(
        'consent.changed',
        { purpose: 'marketing', granted: true },
        { customerId, time: Date.now() },
      )
      const events = [
        consent,
        ...(profile ? [anEvent('profile.updated', profile, { customerId, time: Date.now() })] : []),
      ]
      const isKnown = (state: CustomerState) => state.consent.marketing !== undefined
      await stage.foldUntil(customerId, isKnown, ...events)
      await shop.send(aPurchase({ customerId, time: Date.now() - HORIZON - 60_000 }))
      const id = await eventually(() => episodeIdOf(customerId))
      await eventually(async () => (await queues.reactivation.bull.getJob(id)) !== undefined)
      return customerId
    },
    async foldUntil(id, isThere, ...events) {
      await shop.send(...events)
      await eventually(async () => {
        const state = await shop.stateOf(id)
        return state !== undefined && isThere(state)
      })
    },
    episodeOf: async (id) => (await episodeIdOf(id)) ?? 'none',
    received,
    receivedOf: (id) => received().filter(isAbout(id)),
    takenOf: (id) => stage.receivedOf(id).filter(({ outcome }) => outcome === 'taken'),
    outcomesOf: (id) =>
      actions
        .filter(({ key }) => key?.toString() === id)
        .map(({ value }) => JSON.parse(String(value)) as ActionEvent)
        .filter(({ source }) => source === '/holdfast/delivery-worker')
        .map(({ type, data }) => ({ type, reason: 'reason' in data ? data.reason : undefined })),
    misbehave: (fault) => askReceiver('POST', fault),
    behave: () => askReceiver('DELETE'),
    stopReceiver: () => running.stop(),
    async restartReceiver() {
      const [http, smtp] = [new URL(receiver.httpUrl), new URL(receiver.smtpUrl)]
      const ports = { RECEIVER_HTTP_PORT: http.port, RECEIVER_SMTP_PORT: smtp.port }
      running = await startReceiver({ ...receiverEnv, ...ports }, testLog)
    },
    async close() {
      for (const worker of deliveries) await worker.kill()
      for (const queue of Object.values(queues)) {
        await queue.bull.obliterate({ force: true })
        await queue.stop()
      }
      await running.stop()
      await shop.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }

  async function episodeIdOf(id: string): Promise<string | undefined> {
    const last = (await shop.stateOf(id))?.purchases?.recent[0]
    return last === undefined ? undefined : episodeId(id, 'lapsed', last + HORIZON)
  }
  return stage
}
