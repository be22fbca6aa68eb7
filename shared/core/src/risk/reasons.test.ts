import { expect, test } from 'vitest'
import type { CustomerEvent } from '../event.ts'
import { FEATURE_GROUPS } from '../features/row.ts'
import { see } from '../features/sight.ts'
import { FEATURES } from '../features/table.ts'
import { fold } from '../fold/fold.ts'
import { EMPTY_STATE } from '../state/customer-state.ts'
import { DAY_MS } from '../time.ts'
import type { RiskModel } from './model.ts'
import { reasons } from './reasons.ts'

const NOW = Date.UTC(2026, 10, 1)

/** A model to which every group raises the risk: every feature lies below its mean, by which its weight is negative. */
const worried: RiskModel = {
  version: 'worried',
  learnedFrom: 'log',
  horizonMs: 90 * DAY_MS,
  weights: new Float64Array(FEATURES.length).fill(-1),
  bias: 0,
  means: new Float64Array(FEATURES.length).fill(1e6),
  watchLogit: 0,
  atRiskLogit: 1,
  hysteresisLogit: 0.1,
}

function sentences(...daysAgo: readonly number[]): Record<string, string> {
  const purchase = (days: number, i: number): CustomerEvent => ({
    type: 'purchase.completed',
    customerId: 'anna',
    time: NOW - days * DAY_MS,
    knownAt: NOW - days * DAY_MS,
    idHash: i + 1,
    amountMinor: 1_990,
  })
  const seen = see(daysAgo.map(purchase).reduce(fold, EMPTY_STATE), NOW)
  const told = reasons(worried, seen.vector, seen.facts, FEATURE_GROUPS.length)
  return Object.fromEntries(told.map(({ group, sentence }) => [group, sentence]))
}

test('a pause is told in the usual ones only once it is longer than they are', () => {
  expect(sentences(74, 95, 116).rhythm).toBe(
    'the pause of 74 days is 3.5 times the usual one; the last gap was 21 days',
  )
  expect(sentences(9, 74, 420).rhythm).toBe('usually 206 days between two orders; the last gap was 65 days')
  expect(sentences(9).rhythm).toBe('no second order yet that would show a rhythm')
})

test('who was never asked, and has returned nothing, is told as that and not as a count of nothing', () => {
  expect(sentences(74, 95)).toMatchObject({
    recency: 'last order 74 days ago; usually orders every 21 days',
    frequency: '2 orders in all, worth 0.8 of late (half counted after 60 days)',
    spend: 'spent 39.80 in all, 5.82 of late',
    returns: 'no refunds or cancellations',
    support: 'never asked for help',
    voice: 'was never asked in a survey',
    engagement: 'no visits known',
    contract: 'no requests about the contract',
  })
})
