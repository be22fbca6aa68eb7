import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ShopEvent } from '@holdfast/simulation'
import { expect, test } from 'vitest'
import { type FeedProgress, feedShop } from './feed-shop.ts'
import { newShop, readShop, type ShopRecord, writeShop } from './shop-record.ts'

const NOW = Date.UTC(2026, 5, 1)
const DAY_MS = 86_400_000
const PLACE = { clusterId: 'c', topic: 'customer.purchases' }

/** A feeder whose clock jumps to whatever it waits for. It ends when an event lies beyond `endsAt`, or a batch fails. */
async function feed(record: ShopRecord, { startsAt = NOW, endsAt = NOW, failAfter = Number.POSITIVE_INFINITY } = {}) {
  const sent: ShopEvent[] = []
  const progress: FeedProgress[] = []
  const stop = new AbortController()
  let now = startsAt
  let saved = record
  let batches = 0
  const ended = feedShop({
    record,
    signal: stop.signal,
    batch: 500,
    now: () => now,
    async waitUntil(at) {
      if (at > endsAt) stop.abort()
      else now = at
    },
    async send(events) {
      if (++batches > failAfter) throw new Error('the broker is gone')
      sent.push(...events)
    },
    save: (next) => {
      saved = next
    },
    onProgress: (next) => void progress.push(next),
  })
  const error = await ended.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return { sent, saved, progress, error }
}

const ids = (events: readonly ShopEvent[]) => events.map(({ event }) => `${event.source} ${event.id}`)

test('history comes as fast as it can be sent, then every event at its time', async () => {
  const { sent, progress } = await feed(newShop(PLACE, 60, NOW), { endsAt: NOW + 3 * DAY_MS })
  const [history, live] = [sent.filter(({ timeMs }) => timeMs <= NOW), sent.filter(({ timeMs }) => timeMs > NOW)]
  expect(history.length).toBeGreaterThan(300)
  expect(live.length).toBeGreaterThan(0)
  expect(live.every(({ timeMs }) => timeMs <= NOW + 3 * DAY_MS)).toBe(true)
  const turn = progress.findIndex((step) => step.live)
  expect(progress[turn]?.sent).toBe(history.length)
  expect(progress.slice(0, turn).every(({ share }) => share <= 1)).toBe(true)
})

test('a shop that was stopped, or crashed, goes on where it was: the whole is what one run would have sent', async () => {
  const record = newShop(PLACE, 60, NOW)
  const whole = await feed(record, { endsAt: NOW + 3 * DAY_MS })
  const first = await feed(record, { failAfter: 1 })
  expect(first.error).toBeInstanceOf(Error)
  const second = await feed(first.saved)
  const third = await feed(second.saved, { startsAt: NOW + DAY_MS, endsAt: NOW + 3 * DAY_MS })
  const parts = [...ids(first.sent), ...ids(second.sent), ...ids(third.sent)]
  expect([...new Set(parts)]).toEqual(ids(whole.sent))
  // Only the events of the instant at which a run ended come twice.
  expect(parts.length - whole.sent.length).toBeLessThan(10)
})

test('a record is read back for its own cluster and topic only, and a broken one counts as none', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'holdfast-shop-')), 'live', 'shop.json')
  const record = newShop(PLACE, 60, NOW)
  expect(readShop(file, PLACE)).toBeUndefined()
  writeShop(file, record)
  expect(readShop(file, PLACE)).toEqual(record)
  expect(readShop(file, { ...PLACE, clusterId: 'another' })).toBeUndefined()
  expect(readShop(file, { ...PLACE, topic: 'another' })).toBeUndefined()
  writeFileSync(file, '{')
  expect(readShop(file, PLACE)).toBeUndefined()
})
