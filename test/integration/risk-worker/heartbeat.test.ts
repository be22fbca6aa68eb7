import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRedis } from '@holdfast/local'
import { aPurchase, eventually } from '@holdfast/testing'
import { expect, onTestFinished, test } from 'vitest'
import { customerOn, install, metric, showWorkersOfFailedTests } from './support.ts'

showWorkersOfFailedTests()

const SESSION_MS = 6_000
const PAUSE_MS = 9_000

test('a batch that takes longer than the session does not lose the shards', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-paused-redis-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const redis = await startRedis({ dir: folder, say: () => {} })
  onTestFinished(() => redis.stop())
  const shop = await install({ redisUrls: [redis.url] })
  onTestFinished(() => shop.close())
  const worker = await shop.runWorker({ KAFKA_SESSION_MS: String(SESSION_MS) })

  const pausedAt = performance.now()
  await shop.client.call('CLIENT', 'PAUSE', String(PAUSE_MS), 'WRITE')
  // One commit may be under way while the next batch is taken in, so it may be the second batch of a shard that waits.
  const customerId = customerOn(shop, 0)
  const send = () => shop.send(aPurchase({ customerId }), aPurchase({ customerId: customerOn(shop, 1) }))
  await send()
  // What is skipped is counted when it is taken in, and what was sent before it was then, too.
  await shop.produce('purchases', { key: customerId, value: JSON.stringify({ type: 'com.example.other' }) })
  await eventually(async () => (await metric(worker, 'holdfast_records_total', { outcome: 'unknown_type' })) === 1)
  await send()
  expect(await shop.purchasesOf(customerId)).toBe(0)

  await eventually(async () => (await shop.purchasesOf(customerId)) === 2, { timeoutMs: 30_000 })
  expect(performance.now() - pausedAt).toBeGreaterThan(SESSION_MS)
  await send()
  await eventually(async () => (await shop.purchasesOf(customerId)) === 3)
  // Assigned once, never lost, never refused.
  expect(worker.log.filter(({ msg }) => msg === 'shards are ours')).toHaveLength(1)
  expect(worker.log.filter(({ msg }) => msg === 'the consumer lost its group')).toEqual([])
  expect(await metric(worker, 'holdfast_commits_refused_total')).toBe(0)
  expect(await worker.stop()).toBe(0)
})
