import { describe, expect, test } from 'vitest'
import { type ChangeStreamOptions, changeStream } from './change-stream.ts'
import { ChangeRing } from './ring.ts'

function open(ring: ChangeRing, options: Partial<ChangeStreamOptions> = {}) {
  const abort = new AbortController()
  const dropped: string[] = []
  const stream = changeStream(ring, {
    lastEventId: undefined,
    heartbeatMs: 60_000,
    signal: abort.signal,
    onOvertaken: () => dropped.push('overtaken'),
    ...options,
  })
  const next = async () => (await stream.next()).value ?? 'end'
  return { next, abort, dropped }
}

const ringOf = (capacity: number) => new ChangeRing(capacity, 'e1')

describe('a stream of changes', () => {
  test('begins with the present', async () => {
    const ring = ringOf(8)
    ring.push('risk_changed', '{"n":1}')
    const { next } = open(ring)
    expect(await next()).toBe('retry: 2000\n\n')
    const waiting = next()
    ring.push('risk_changed', '{"n":2}')
    expect(await waiting).toBe('id: e1-2\nevent: risk_changed\ndata: {"n":2}\n\n')
  })

  test('goes on behind what was seen', async () => {
    const ring = ringOf(8)
    for (let n = 1; n <= 3; n++) ring.push('risk_changed', `{"n":${n}}`)
    const { next } = open(ring, { lastEventId: 'e1-1' })
    await next()
    expect(await next()).toBe(
      'id: e1-2\nevent: risk_changed\ndata: {"n":2}\n\nid: e1-3\nevent: risk_changed\ndata: {"n":3}\n\n',
    )
  })

  test('says when something was missed', async () => {
    const { next } = open(ringOf(8), { lastEventId: 'e0-5' })
    await next()
    expect(await next()).toMatch(/^event: missed\ndata: \{"reason":".*"\}\n\n$/)
  })

  test('gives a sign of life while nothing happens', async () => {
    const { next } = open(ringOf(8), { heartbeatMs: 1 })
    await next()
    expect(await next()).toBe(': still here\n\n')
    expect(await next()).toBe(': still here\n\n')
  })

  test('drops who takes less than comes, and says why', async () => {
    const ring = ringOf(4)
    const { next, dropped } = open(ring)
    await next()
    for (let n = 1; n <= 5; n++) ring.push('risk_changed', '{}')
    expect(dropped).toEqual([])
    expect(await next()).toMatch(/^event: dropped\ndata: \{"reason":".*slower.*"\}\n\n$/)
    expect(await next()).toBe('end')
    expect(dropped).toEqual(['overtaken'])
  })

  test('who keeps up is not dropped, however much comes', async () => {
    const ring = ringOf(4)
    const { next, dropped } = open(ring)
    await next()
    for (let n = 1; n <= 100; n++) {
      ring.push('risk_changed', '{}')
      expect(await next()).toContain(`id: e1-${n}\n`)
    }
    expect(dropped).toEqual([])
  })

  test('says good-bye when stopped', async () => {
    const { next, abort } = open(ringOf(4))
    await next()
    const waiting = next()
    abort.abort()
    expect(await waiting).toMatch(/^event: closing\n/)
    expect(await next()).toBe('end')
  })
})
