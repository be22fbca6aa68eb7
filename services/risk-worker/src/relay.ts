import { type Job, parseJob, type TopicNames } from '@holdfast/contracts'
import type { ActionKind } from '@holdfast/core'
import {
  asError,
  type Clock,
  type EventProducer,
  type Logger,
  type OutboxPage,
  type OutgoingMessage,
  type Queues,
  type ShardStore,
  type StoredOutboxEntry,
  type WrittenOutbox,
} from '@holdfast/platform'
import { HeldEntries } from './held-entries.ts'
import { parseJobHeader, parseKafkaHeader } from './lane/outgoing.ts'
import { type OutgoingRecord, sendRecords } from './send-records.ts'

export type JobQueues = Queues<Record<ActionKind, Job>>

export interface RelayOptions {
  readonly store: ShardStore
  readonly topics: TopicNames
  readonly producer: EventProducer
  readonly queues: JobQueues
  readonly clock: Clock
  readonly log: Logger
  onRelayed(kind: string, count: number): void
  onJob(action: ActionKind, decidedToQueuedMs: number): void
}

/** Entries of a page that could not be moved whole, whose jobs are in their queues all the same. */
interface QueuedJobs {
  readonly serverRun: string
  readonly entries: ReadonlySet<string>
}

/** Entries moved in one go. */
const MOST_ENTRIES = 2_000

/** How many entries may wait before the shard takes no more batches. */
export const FULL_OUTBOX = 100_000

const LONGEST_RETRY_MS = 5_000

/**
 * Moves a shard's outbox out: decisions to Kafka first, so that the log knows of one before anybody sees its job; then jobs to
 * BullMQ, and beside them whatever else is for Kafka. What has left is dropped afterwards, so a crash in between sends it again: receivers drop it by id
 * (events), origin (re-published records) or job id.
 *
 * Commits hand over what they have written, so nothing is read from Redis that was in memory a moment before. It is read where
 * memory may not tell the whole: at first, after a failure, after a restart of Redis, and when too much waits.
 */
export class Relay {
  private running: Promise<void> | undefined
  private stopped = false
  private isBehind = false
  private room: (() => void)[] = []
  /** Of the server that was read last. */
  private serverRun = ''
  /** Whether the outbox may have entries, beside those held, that have not left. */
  private mustRead = true
  /** Handed over by commits while that run lasted. */
  private readonly held = new HeldEntries()
  /** A job that was queued and done would be a new one when it is queued again with the rest of its page. */
  private queued: QueuedJobs | undefined

  constructor(private readonly options: RelayOptions) {}

  /** Moves what a commit has written; to be called for each commit, in their order. */
  take(written: WrittenOutbox): void {
    if (written.serverRun !== this.serverRun || !this.held.add(written)) this.readAnew()
    this.start()
  }

  /** Resolves when all that is in the outbox has left, or the relay was stopped. */
  async drain(): Promise<void> {
    this.start()
    while (this.running !== undefined) await this.running
  }

  /** Resolves at once, or when a full outbox has been moved, or the relay is stopped. */
  async hasRoom(): Promise<void> {
    if (!this.isBehind || this.stopped) return
    await new Promise<void>((resolve) => this.room.push(resolve))
  }

  async stop(): Promise<void> {
    this.stopped = true
    this.letIn()
    await this.running
  }

  private get isWanted(): boolean {
    return !this.stopped && (this.mustRead || this.held.length > 0)
  }

  private start(): void {
    this.running ??= this.run().finally(() => {
      this.running = undefined
      // What came while the last round was ending.
      if (this.isWanted) this.start()
    })
  }

  private async run(): Promise<void> {
    for (let failures = 0; this.isWanted; ) {
      try {
        await (this.mustRead ? this.moveStored() : this.moveHeld())
        failures = 0
      } catch (thrown) {
        failures++
        this.readAnew()
        const { partition } = this.options.store
        this.options.log.error(
          { err: asError(thrown), partition, failures },
          'the outbox could not be moved; it is kept and tried again',
        )
        await this.weigh().catch(() => {})
        await this.pause(Math.min(LONGEST_RETRY_MS, 100 * 2 ** failures))
      }
    }
  }

  private readAnew(): void {
    this.held.clear()
    this.mustRead = true
  }

  /** Moves what was handed over, and drops it while the next leaves: a busy process is slow to answer. */
  private async moveHeld(): Promise<void> {
    let dropped = Promise.resolve(true)
    while (this.isWanted && !this.mustRead) {
      const page = { serverRun: this.serverRun, entries: this.held.take(MOST_ENTRIES) }
      await this.move(page)
      if (!(await dropped)) break
      dropped = handled(this.drop(page))
    }
    this.afterDrop(await dropped)
  }

  /** While some entries leave, those after them are read and those before them dropped. */
  private async moveStored(): Promise<void> {
    let page = await this.read()
    let dropped = Promise.resolve(true)
    let through: string | undefined
    for (let last = page.entries.at(-1); last !== undefined; last = page.entries.at(-1)) {
      const ahead = handled(this.read(last.id))
      await this.move(page)
      through = last.id
      const wasDropped = await dropped
      dropped = handled(this.drop(page))
      const next = await ahead
      if (this.stopped) break
      if (wasDropped && next.serverRun === page.serverRun) {
        page = next
      } else {
        // Redis may have been put back to before these entries, or before their jobs: what it holds now leaves (again).
        through = undefined
        page = await this.read()
      }
    }
    // What was read has left, also where its commit has handed it over meanwhile.
    if (through !== undefined) this.held.forgetThrough(through)
    this.afterDrop(await dropped)
  }

  private async read(after?: string): Promise<OutboxPage> {
    const { store } = this.options
    // What is handed over from now on may not be in the answer, and is held; what was not held before is in it.
    this.mustRead = false
    // Asked for in this order: what is read after a restart of Redis must not pass for read before it.
    const [serverRun, entries] = await Promise.all([store.serverRun(), store.outbox(MOST_ENTRIES, after)])
    if (serverRun !== this.serverRun) this.held.clear()
    this.serverRun = serverRun
    return { serverRun, entries }
  }

  private async drop({ serverRun, entries }: OutboxPage): Promise<boolean> {
    const [dropped] = await Promise.all([this.options.store.dropOutbox(entries.at(-1)!.id, serverRun), this.weigh()])
    return dropped
  }

  private afterDrop(dropped: boolean): void {
    if (!dropped) this.readAnew()
    else if (!this.stopped) this.letIn()
  }

  private async move({ serverRun, entries }: OutboxPage): Promise<void> {
    const decisions: OutgoingRecord[] = []
    const others: OutgoingRecord[] = []
    const jobs = new Map<ActionKind, { id: string; data: Job }[]>()
    const kinds = new Map<string, number>()
    for (const entry of entries) {
      kinds.set(entry.kind, (kinds.get(entry.kind) ?? 0) + 1)
      if (entry.kind === 'job') {
        if (this.queued?.serverRun === serverRun && this.queued.entries.has(entry.id)) continue
        const { queue, id } = parseJobHeader(entry.header)
        listIn(jobs, queue).push({ id, data: parseJob(entry.value) })
      } else {
        const list = entry.kind === 'action-event' ? decisions : others
        list.push(this.record(entry))
      }
    }
    await this.send(decisions)
    const added = Promise.all([...jobs].map(([action, list]) => this.add(action, list)))
    const [sending, adding] = await Promise.allSettled([this.send(others), added])
    if (adding.status === 'rejected') throw adding.reason
    if (sending.status === 'rejected') {
      this.queued = { serverRun, entries: new Set(entries.filter(({ kind }) => kind === 'job').map(({ id }) => id)) }
      throw sending.reason
    }
    this.queued = undefined
    for (const [kind, count] of kinds) this.options.onRelayed(kind, count)
  }

  private send(records: readonly OutgoingRecord[]): Promise<void> {
    return sendRecords(this.options.producer, records, this.options.topics.deadLetters)
  }

  private async add(action: ActionKind, jobs: readonly { id: string; data: Job }[]): Promise<void> {
    const { queues, clock, onJob } = this.options
    await queues.of[action].add(jobs)
    for (const { data } of jobs) onJob(action, clock.now() - data.decidedAt)
  }

  private record({ kind, header, value }: StoredOutboxEntry): OutgoingRecord {
    const { topics, store } = this.options
    const { topic, key, isNull, headers } = parseKafkaHeader(header)
    const message: OutgoingMessage = { key, value: isNull ? null : value, headers }
    switch (kind) {
      case 'dead-letter':
        return { kind, topic: topics.deadLetters, message }
      case 'risk-change':
        return { kind, topic: topics.riskChanges, message }
      case 'action-event':
        return { kind, topic: topics.actions, message: { ...message, partition: store.partition } }
      default:
        return { kind, topic, message }
    }
  }

  private async weigh(): Promise<void> {
    this.isBehind = (await this.options.store.outboxLength()) > FULL_OUTBOX
    if (!this.isBehind) this.letIn()
  }

  private letIn(): void {
    this.isBehind = false
    for (const go of this.room.splice(0)) go()
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms))
  }
}

/** A promise that somebody will wait for, though maybe only after it has failed. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

function listIn<K, V>(map: Map<K, V[]>, key: K): V[] {
  let list = map.get(key)
  if (list === undefined) {
    list = []
    map.set(key, list)
  }
  return list
}
