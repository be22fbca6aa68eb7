/**
 * Customers a second through the commit of one shard, on a redis-server of its own.
 *
 *   node --conditions=source --import tsx test/bench/commit.ts [commits, 60 by default]
 *
 * `wall` is what one caller sees who waits for each commit, packing included. `Redis processor` counts the processor time of
 * Redis' main thread alone, reading and appending to its file included; other work on the machine hardly disturbs it.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRedis } from '@holdfast/local'
import {
  type CustomerWrite,
  claimShard,
  connectRedis,
  createLogger,
  type RedisClient,
  type ShardStore,
} from '@holdfast/platform'

const BATCH = 4_000
const BATCHES = 5
const commits = Number(process.argv[2] ?? 60)

const cases = [
  { name: 'due, worklist kept', bytes: 200, worklist: 'keep' },
  { name: 'due, worklist joined', bytes: 200, worklist: 'at_risk' },
  { name: 'due, worklist kept, timelines of 20', bytes: 500, worklist: 'keep' },
] as const

type Case = (typeof cases)[number]

function customers({ bytes, worklist }: Case, batch: number): CustomerWrite[] {
  return Array.from({ length: BATCH }, (_, i) => ({
    id: `cust-${String(batch * BATCH + i).padStart(8, '0')}`,
    state: randomBytes(bytes),
    due: 1_762_000_000_000 + i * 7_919,
    worklist,
    priority: i,
    erased: false,
  }))
}

async function processorSeconds(client: RedisClient): Promise<number> {
  const times = await client.info('cpu')
  const both = [...times.matchAll(/^used_cpu_(?:user|sys)_main_thread:([\d.]+)/gm)]
  return both.reduce((sum, [, seconds]) => sum + Number(seconds), 0)
}

async function measure(client: RedisClient, store: ShardStore, each: Case): Promise<void> {
  const batches = Array.from({ length: BATCHES }, (_, batch) => customers(each, batch))
  const counters = new Map(Array.from({ length: 60 }, (_, i) => [`counter-${i}`, i + 1]))
  const commit = async (number: number) => {
    const change = { customers: batches[number % BATCHES]!, profiles: new Map(), counters, outbox: [] }
    const meta = { 'offset:customer.purchases': String(number) }
    const outcome = await store.commit(number, { ...change, meta })
    if (outcome.kind === 'refused') throw new Error(`commit ${number} was refused: ${outcome.reason}`)
  }
  // First writes make keys grow; what is measured are customers who are known.
  for (let number = 0; number < BATCHES; number++) await commit(number)
  const before = await processorSeconds(client)
  const startedAt = performance.now()
  for (let i = 0; i < commits; i++) await commit(BATCHES + i)
  const wall = (performance.now() - startedAt) / 1_000
  const processor = (await processorSeconds(client)) - before
  const rate = (seconds: number) => `${Math.round((commits * BATCH) / seconds).toLocaleString('en')}/s`.padStart(12)
  console.log(`${each.name.padEnd(36)} wall ${rate(wall)}   Redis processor ${rate(processor)}`)
}

const dir = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
const redis = await startRedis({ dir })
const log = createLogger({ service: 'bench', level: 'warn' })
const { client, stop } = await connectRedis([redis.url], { log, name: 'bench' })
try {
  console.log(`${commits} commits of ${BATCH} customers with 200-byte states`)
  for (const [partition, each] of cases.entries()) {
    await measure(client, await claimShard({ client, prefix: 'bench', partition }), each)
  }
} finally {
  await stop()
  await redis.stop()
  rmSync(dir, { recursive: true, force: true })
}
