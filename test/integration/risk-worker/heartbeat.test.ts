import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { startRedis } from '@holdfast/local'
import { aPurchase, eventually } from '@holdfast/testing'
import { expect, onTestFinished, test } from 'vitest'
import { customerOn, install, metric, showWorkersOfFailedTests, type WorkerProcess } from './support.ts'

showWorkersOfFailedTests()

const SESSION_MS = 6_000
const EVENTS_WHILE_PAUSED = 5

const heartbeats = ({ log }: WorkerProcess) =>
  log.filter(({ msg }) => msg?.startsWith('kafka Connection: Request Heartbeat')).length

test('a batch that takes longer than the session does not lose the shards', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-paused-redis-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const redis = await startRedis({ dir: folder, say: () => {} })
  onTestFinished(() => redis.stop())
  const shop = await install({ redisUrls: [redis.url] })
  onTestFinished(() => shop.close())
  const worker = await shop.runWorker({ KAFKA_SESSION_MS: String(SESSION_MS), LOG_LEVEL: 'debug' })

  // Longer than the test may take: it ends the pause itself.
  await shop.client.call('CLIENT', 'PAUSE', '30000', 'WRITE')
  const customerId = customerOn(shop, 0)
  const send = () => shop.send(aPurchase({ customerId }), aPurchase({ customerId: customerOn(shop, 1) }))
  // One commit is under way and one is folded behind it, so of these batches at least one has to wait to be taken in.
  for (let sent = 0; sent < EVENTS_WHILE_PAUSED; sent++) {
    await send()
    await setTimeout(500)
  }
  // The commits of offsets, every five seconds, keep a member, too: the heartbeats are seen in the log.
  const before = heartbeats(worker)
  await setTimeout(SESSION_MS + 2_000)
  expect(heartbeats(worker)).toBeGreaterThan(before + 1)
  expect(await shop.purchasesOf(customerId)).toBe(0)
  const takenIn = await metric(worker, 'holdfast_records_total', { outcome: 'folded' })
  expect(takenIn).toBeLessThan(2 * EVENTS_WHILE_PAUSED)

  await shop.client.call('CLIENT', 'UNPAUSE')
  const stored = async () => shop.purchasesOf(customerId)
  await eventually(async () => (await stored()) === EVENTS_WHILE_PAUSED, { timeoutMs: 30_000 })
  await send()
  await eventually(async () => (await stored()) === EVENTS_WHILE_PAUSED + 1)
  // Assigned once, never lost, never refused.
  expect(worker.log.filter(({ msg }) => msg === 'shards are ours')).toHaveLength(1)
  expect(worker.log.filter(({ msg }) => msg === 'the consumer lost its group')).toEqual([])
  expect(await metric(worker, 'holdfast_commits_refused_total')).toBe(0)
  expect(await worker.stop()).toBe(0)
})
