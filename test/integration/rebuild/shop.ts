import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createDecoder, parseEpisodeId, QUEUES, queuePrefix } from '@holdfast/contracts'
import { type RiskModel, ROLES } from '@holdfast/core'
import { repositoryRoot } from '@holdfast/local'
import { createLogger, logBounds, readConfig } from '@holdfast/platform'
import { type RebuildProgress, RISK_WORKER_SETTINGS, rebuild } from '@holdfast/risk-worker'
import { listVersions, readVersion, riskModelOf } from '@holdfast/scorer'
import { generateShop } from '@holdfast/simulation'
import { aVisit, BASE_CURRENCY, eventually, testKafka } from '@holdfast/testing'
import { expect, inject } from 'vitest'
import { counterDifferences, decidedDifferences, foldedDifferences, listDifferences } from '../../support/compare.ts'
import { readStoredShards, type StoredShard } from '../../support/shards.ts'
import { naiveLog, readWholeLog } from '../../support/whole-log.ts'
import type { Installation, Produced } from '../risk-worker/support.ts'

const DAY = 86_400_000

export interface Draft {
  readonly role: (typeof ROLES)[number]
  readonly record: Produced
}

/**
 * A generated shop's life up to now, with what producers should not do: twice, without a key, elsewhere, and no event at all;
 * then visits of its customers without end.
 */
export function* draftsOf(installation: Installation, customers: number, seed = 11): Generator<Draft> {
  const until = Date.now() - DAY
  const shop = generateShop({ seed, customers, from: until - 400 * DAY, until })
  const known: string[] = []
  let nth = 0
  for (const { role, event } of shop.events) {
    const key = `${installation.prefix}-${event.subject}`
    const value = JSON.stringify({ ...event, subject: key })
    const record = { key, value }
    nth++
    if (nth % 50 === 17) yield { role, record: { key: null, value } }
    else if (nth % 50 === 34) {
      yield { role, record: { ...record, partition: (installation.partitionOf(key) + 1) % installation.partitions } }
    } else yield { role, record }
    if (nth % 40 === 11) yield { role, record }
    if (nth % 100 === 50) yield { role, record: { key, value: '{"specversion":"1.0"' } }
    known.push(key)
  }
  for (let i = 0; ; i = (i + 1) % known.length) {
    const { role, key, json } = aVisit({ customerId: known[i] ?? '', time: Date.now() - 60_000 })
    yield { role, record: { key, value: json } }
  }
}

export async function send(installation: Installation, drafts: Iterable<Draft>): Promise<number> {
  const byRole = new Map<Draft['role'], Produced[]>()
  let count = 0
  for (const { role, record } of drafts) {
    byRole.set(role, [...(byRole.get(role) ?? []), record])
    count++
  }
  for (const [role, records] of byRole) await installation.produce(role, ...records)
  return count
}

export function* take<T>(from: Iterator<T>, most: number): Generator<T> {
  for (let i = 0; i < most; i++) {
    const next = from.next()
    if (next.done) return
    yield next.value
  }
}

/** As `holdfast rebuild` calls it. */
export function runRebuild(installation: Installation, onProgress: (progress: RebuildProgress) => void = () => {}) {
  const log = createLogger({ service: 'rebuild', level: 'error', pretty: true, destination: process.stderr })
  return rebuild(readConfig(RISK_WORKER_SETTINGS, { ...installation.env }), log, onProgress)
}

export async function championOf(): Promise<RiskModel> {
  const dir = join(repositoryRoot(), 'models')
  const version = (await listVersions(dir)).at(-1) ?? ''
  expect(await readFile(join(dir, version, 'manifest.json'), 'utf8')).toContain(version)
  return riskModelOf((await readVersion(join(dir, version))).manifest)
}

/** How far the installation is, in one number a kind; 0 of each means done. */
async function left(installation: Installation) {
  const inputs = new Set<string>(ROLES.map((role) => installation.topics[role]))
  const admin = testKafka(inject('kafkaBrokers')).admin()
  await admin.connect()
  try {
    const found = { unread: 0, overdue: 0, outbox: 0 }
    const shards = await Promise.all(partitionsOf(installation).map((partition) => installation.shard(partition)))
    const offsets = await Promise.all(shards.map(async (shard) => (await shard.meta()).offsets))
    for (const shard of shards) {
      found.overdue += await shard.overdue(Date.now())
      found.outbox += await shard.outboxLength()
    }
    for (const { topic, partition, high } of await logBounds(admin, [...inputs])) {
      found.unread += Math.abs(high - (offsets[partition]?.get(topic) ?? 0))
    }
    return found
  } finally {
    await admin.disconnect()
  }
}

export function partitionsOf({ partitions }: Installation): number[] {
  return Array.from({ length: partitions }, (_, partition) => partition)
}

/** Waits until all is read, everybody looked at and nothing left to leave. */
export async function drained(installation: Installation, timeoutMs = 60_000): Promise<void> {
  await eventually(async () => expect(await left(installation)).toEqual({ unread: 0, overdue: 0, outbox: 0 }) ?? true, {
    timeoutMs,
    everyMs: 100,
  })
}

/** Everything that is stored against everything that the log says. Returns what was compared. */
export async function expectTrue(installation: Installation, model: RiskModel) {
  const shards: StoredShard[] = await readStoredShards(installation)
  const kafka = testKafka(inject('kafkaBrokers'))
  const { topics } = installation
  const records = await readWholeLog(
    kafka,
    ROLES.map((role) => topics[role]),
  )
  const log = naiveLog(records, topics, createDecoder({ base: BASE_CURRENCY, topics }))
  expect(foldedDifferences(shards, log.events).slice(0, 10)).toEqual([])
  expect(counterDifferences(shards).slice(0, 10)).toEqual([])
  expect(listDifferences(shards, model).slice(0, 10)).toEqual([])
  const decided = { compared: 0, onTheLine: 0, entries: 0 }
  expect(decidedDifferences(shards, model, decided).slice(0, 10)).toEqual([])
  return { customers: log.events.size, records: log.records, copies: log.copies, invalid: log.invalid.size, ...decided }
}

/** Names of the episodes that wait in the queues, by customer and action. */
async function episodes({ client, prefix }: Installation): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>()
  for (const queue of QUEUES) {
    for (const id of await client.lrange(`${queuePrefix(prefix)}:${queue}:wait`, 0, -1)) {
      const contact = `${parseEpisodeId(id)?.customerId} ${queue}`
      found.set(contact, [...(found.get(contact) ?? []), id])
    }
  }
  return found
}

/** Who is to be contacted, and under which episodes where these are more than one. */
export async function contacts(installation: Installation): Promise<{ count: number; twice: string[] }> {
  const found = await episodes(installation)
  const twice = [...found].filter(([, ids]) => ids.length > 1).map(([contact, ids]) => `${contact}: ${ids}`)
  return { count: found.size, twice }
}

/** In which band each customer is, and since when. */
export async function stays(installation: Installation): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const { states } of await readStoredShards(installation)) {
    for (const [id, { decided }] of states) {
      if (decided !== undefined) found.set(id, `${decided.band} since ${new Date(decided.enteredAt).toISOString()}`)
    }
  }
  return found
}

/** Names of the generations under which a shard's keys stand. */
export async function generationsOf({ client, prefix }: Installation, partition: number): Promise<string[]> {
  const nodes = 'nodes' in client ? client.nodes('master') : [client]
  const keys = (await Promise.all(nodes.map((node) => node.keys(`${prefix}:{${partition}}:*`)))).flat()
  const generations = keys.map((key) => key.split(':')[2] ?? '').filter((name) => name !== 'current')
  return [...new Set(generations)].sort()
}
