import { createDecoder, parseEpisodeId } from '@holdfast/contracts'
import { type CustomerState, type Decided, EMPTY_STATE, fold } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { answerEvent, answerId, fingerprintOf } from './answer-event.ts'
import type { Command } from './command.ts'

const AT = Date.UTC(2026, 5, 10)
const ENTERED = Date.UTC(2026, 5, 1)

const inBand = (band: Decided['band']): CustomerState => ({
  ...EMPTY_STATE,
  decided: {
    band,
    previousBand: undefined,
    enteredAt: ENTERED,
    evaluatedAt: AT,
    probability: 0.5,
    expectedLossMinor: 1,
    disposition: 'none',
    heldUntil: -1,
    predictedAt: -1,
    predictedProbability: 0,
    judged: 0,
  },
})

const said = (command: Command, state = inBand('at_risk')) =>
  answerEvent({ id: 'e-1', customerId: 'cust/42 🦖', state, command, at: AT })

const decode = createDecoder({ base: 'EUR' })

/** The state after the event has gone the way through the log. */
function folded(command: Command, state = inBand('at_risk')): CustomerState {
  const decoded = decode('actions', Buffer.from(JSON.stringify(said(command, state))), AT)
  if (decoded.kind !== 'event') throw new Error(JSON.stringify(decoded))
  return fold(state, decoded.event)
}

describe('what is said is what the fold understands', () => {
  test('acknowledge', () => {
    expect(folded({ action: 'acknowledge' }).actions['proactive-outreach']?.acknowledgedAt).toBe(AT)
  })
  test('snooze', () => {
    const until = '2026-07-01T02:00:00+02:00'
    expect(folded({ action: 'snooze', until }).actions['proactive-outreach']?.snoozedUntil).toBe(Date.UTC(2026, 6, 1))
  })
  test('resolve', () => {
    const ledger = folded({ action: 'resolve', outcome: 'lost' }, inBand('lapsed')).actions.reactivation
    expect(ledger).toMatchObject({ outcome: 'lost', resolvedAt: AT })
  })
})

describe('which contact it is about', () => {
  test.each<readonly [Decided['band'], string]>([
    ['at_risk', 'proactive-outreach'],
    ['lapsed', 'reactivation'],
  ])('that of the band %s, with its episode', (band, action) => {
    const { data } = said({ action: 'acknowledge' }, inBand(band))
    expect(data).toMatchObject({ action, enteredAt: new Date(ENTERED).toISOString() })
    expect(parseEpisodeId(data.episodeId ?? '')).toEqual({ customerId: 'cust/42 🦖', band, enteredAt: ENTERED })
  })

  test('the one that is named, without an episode where the band asks for another', () => {
    expect(said({ action: 'acknowledge', about: 'reactivation' }).data).toEqual({ action: 'reactivation' })
  })

  test('for a customer who is well again: what was decided last', () => {
    const state = folded({ action: 'acknowledge' }, inBand('lapsed'))
    const ledger = { ...state.actions.reactivation!, decidedAt: AT }
    const well = { ...inBand('healthy'), actions: { reactivation: ledger } }
    expect(said({ action: 'acknowledge' }, well).data).toEqual({ action: 'reactivation' })
    expect(said({ action: 'acknowledge' }, EMPTY_STATE).data).toEqual({ action: 'proactive-outreach' })
  })
})

test('an id follows from customer and key, and is new without one', () => {
  expect(answerId('a', 'k')).toBe(answerId('a', 'k'))
  expect(new Set([answerId('a', 'k'), answerId('b', 'k'), answerId('a', 'l'), answerId('ak', '')]).size).toBe(4)
  expect(answerId('a', undefined)).not.toBe(answerId('a', undefined))
})

test('what was asked for is told apart by its content, not by the order of its fields', () => {
  const one = fingerprintOf({ action: 'resolve', outcome: 'saved', by: 'x' })
  expect(fingerprintOf({ by: 'x', outcome: 'saved', action: 'resolve' })).toBe(one)
  expect(fingerprintOf({ action: 'resolve', outcome: 'lost', by: 'x' })).not.toBe(one)
  expect(fingerprintOf({ action: 'resolve', outcome: 'saved', note: 'x' })).not.toBe(one)
})
