import { encodeEvent, riskChangeEvent } from '@holdfast/contracts'
import { expect, test } from 'vitest'
import { take } from './follow-changes.ts'
import { ChangeRing } from './ring.ts'

const CHANGE = riskChangeEvent({
  customerId: 'cust/42',
  band: 'at_risk',
  previousBand: 'watch',
  enteredAt: Date.UTC(2026, 0, 1),
  evaluatedAt: Date.UTC(2026, 0, 2),
  probability: 0.75,
  expectedLossMinor: 4_200,
  currency: 'EUR',
  reasons: [{ group: 'recency', logit: 1.5, sentence: 'last order 74 days ago' }],
  modelVersion: 'v1',
  source: '/holdfast/risk-worker',
})

function taken(value: Buffer | null, key: Buffer | null = Buffer.from('cust/42')) {
  const ring = new ChangeRing(8, 'e1')
  const outcome = take({ key, value }, ring)
  return { outcome, changes: (ring.after(0, 9) ?? []).map(({ type, data }) => ({ type, ...JSON.parse(data) })) }
}

test('a band change is told in the words of the API', () => {
  expect(taken(Buffer.from(encodeEvent(CHANGE)))).toEqual({
    outcome: 'taken',
    changes: [
      {
        type: 'risk_changed',
        customer: 'cust/42',
        evaluatedAt: '2026-01-02T00:00:00.000Z',
        band: 'at_risk',
        previousBand: 'watch',
        enteredAt: '2026-01-01T00:00:00.000Z',
        probability: 0.75,
        expectedLoss: { amountMinor: 4_200, currency: 'EUR' },
        reasons: [{ group: 'recency', logit: 1.5, sentence: 'last order 74 days ago' }],
        modelVersion: 'v1',
      },
    ],
  })
})

test('a tombstone tells of an erasure', () => {
  expect(taken(null)).toEqual({ outcome: 'taken', changes: [{ type: 'forgotten', customer: 'cust/42' }] })
})

test.each([
  ['no JSON', '{'],
  ['somebody else’s event', '{"specversion":"1.0","type":"shop.opened"}'],
  ['a change without a band', JSON.stringify({ ...CHANGE, data: { ...CHANGE.data, band: undefined } })],
])('%s is passed over', (_, text) => {
  expect(taken(Buffer.from(text))).toEqual({ outcome: 'invalid', changes: [] })
  expect(taken(null, null)).toEqual({ outcome: 'invalid', changes: [] })
})
