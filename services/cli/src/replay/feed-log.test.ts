import { expect, test } from 'vitest'
import type { Outgoing } from '../events/outgoing.ts'
import { feedLog, type LogProgress } from './feed-log.ts'

const EVENTS = [10, 10, 20, 50, 90].map((at, i) => ({
  at,
  event: { role: 'purchases', type: 'purchase.completed', customerId: `c-${i}`, value: Buffer.of(i) } as const,
}))

/** A clock that jumps to whatever is waited for, until `endsAt`. */
async function feed({ sentBefore = 0, endsAt = Number.POSITIVE_INFINITY, batch = 2_000 } = {}) {
  const batches: { at: number; ids: string[] }[] = []
  const progress: LogProgress[] = []
  const stop = new AbortController()
  let now = 0
  await feedLog({
    events: EVENTS,
    sentBefore,
    batch,
    signal: stop.signal,
    now: () => now,
    async waitUntil(at) {
      if (at > endsAt) stop.abort()
      else now = at
    },
    send: async (due: readonly Outgoing[]) => void batches.push({ at: now, ids: due.map((event) => event.customerId) }),
    onProgress: (next) => void progress.push(next),
  })
  return { batches, progress }
}

test('each event is sent when its time has come, and the end is told', async () => {
  const { batches, progress } = await feed()
  expect(batches).toEqual([
    { at: 10, ids: ['c-0', 'c-1'] },
    { at: 20, ids: ['c-2'] },
    { at: 50, ids: ['c-3'] },
    { at: 90, ids: ['c-4'] },
  ])
  expect(progress.at(-1)).toEqual({ sent: 5, total: 5, ended: true })
  expect(progress.slice(0, -1).some(({ ended }) => ended)).toBe(false)
})

test('a replay that was stopped goes on with the next event', async () => {
  const first = await feed({ endsAt: 60 })
  const sent = first.progress.at(-1)?.sent ?? 0
  expect(sent).toBe(4)
  const second = await feed({ sentBefore: sent })
  expect(second.batches).toEqual([{ at: 90, ids: ['c-4'] }])
})

test('what is due at once travels in batches', async () => {
  const { batches } = await feed({ batch: 1 })
  expect(batches.map(({ ids }) => ids.length)).toEqual([1, 1, 1, 1, 1])
})
