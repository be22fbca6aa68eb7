import { createDecoder } from '@holdfast/contracts'
import { expect, test } from 'vitest'
import { createPrepare, type ReadyEvent } from './prepare.ts'

const WALL = Date.UTC(2026, 10, 1)
/** Time-lapse: a day of domain time ahead of the wall clock. */
const AHEAD = 86_400_000

const prepare = createPrepare({
  decode: createDecoder({ base: 'EUR' }),
  domainTime: (wallMs) => wallMs + AHEAD,
  maxBytes: 1_000,
})

const event = (changes: object = {}) => ({
  specversion: '1.0',
  id: 'e-1',
  source: '/shop',
  type: 'purchase.completed',
  subject: 'cust-1',
  time: '2026-11-01T23:59:00Z',
  data: { amount: '1.00', currency: 'EUR' },
  ...changes,
})

function ready(raw: unknown): ReadyEvent {
  const prepared = prepare(raw, WALL)
  if (prepared.kind !== 'ready') throw new Error(`${prepared.field}: ${prepared.reason}`)
  return prepared
}

test('recordedtime and "in the future" go by domain time, the record by the wall clock', () => {
  const { value, timestamp, role, subject } = ready(event())
  expect([timestamp, role, subject]).toEqual([WALL, 'purchases', 'cust-1'])
  expect(JSON.parse(String(value))).toEqual({ ...event(), recordedtime: '2026-11-02T00:00:00.000Z' })
  expect(prepare(event({ time: '2026-11-02T00:05:01Z' }), WALL)).toMatchObject({ kind: 'refused', field: 'time' })
})

test('duplicates are told as the fold tells them: by source, id and customer', () => {
  const { identity } = ready(event())
  expect(ready(event({ time: '2026-10-01T00:00:00Z', data: { amount: '2.00', currency: 'EUR' } })).identity).toBe(
    identity,
  )
  const others = [{ id: 'e-2' }, { source: '/other' }, { subject: 'cust-2' }, { source: '/shope', id: '-1' }]
  for (const changes of others) expect(ready(event(changes)).identity).not.toBe(identity)
})

test('an event is measured without the recordedtime that is ours, to the byte', () => {
  const pad = 1_000 - JSON.stringify(event({ pad: '' })).length
  expect(prepare(event({ pad: 'x'.repeat(pad) }), WALL).kind).toBe('ready')
  expect(prepare(event({ pad: 'x'.repeat(pad + 1) }), WALL)).toMatchObject({ field: 'pad', isTooLarge: true })
})
