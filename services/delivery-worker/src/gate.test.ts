import { parsePolicy } from '@holdfast/contracts'
import { type CustomerState, EMPTY_STATE, ERASED_STATE, fold } from '@holdfast/core'
import { anEvent, type BuiltEvent } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { type GateInput, gate } from './gate.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 5, 1)
const ENTERED = NOW - DAY
const policy = parsePolicy('')

const outreach = { action: 'proactive-outreach', band: 'at_risk', enteredAt: ENTERED, decidedAt: ENTERED } as const
const reactivation = { action: 'reactivation', band: 'lapsed', enteredAt: ENTERED, decidedAt: ENTERED } as const

function inBand(band: 'watch' | 'at_risk' | 'lapsed', ...events: BuiltEvent[]): CustomerState {
  const state = events.reduce((before, { event }) => fold(before, event), EMPTY_STATE)
  return {
    ...state,
    decided: {
      band,
      previousBand: 'watch',
      enteredAt: ENTERED,
      evaluatedAt: NOW,
      probability: 0.8,
      expectedLossMinor: 100,
      disposition: 'queued',
      heldUntil: -1,
      predictedAt: -1,
      predictedProbability: 0,
      judged: 0,
    },
  }
}

const iso = (at: number) => new Date(at).toISOString()
const ledgerData = (action: 'proactive-outreach' | 'reactivation', enteredAt = ENTERED) => ({
  action,
  episodeId: `at_risk.${enteredAt}.cust-1`,
  enteredAt: iso(enteredAt),
})
const consent = (purpose: 'outreach' | 'marketing', granted: boolean) =>
  anEvent('consent.changed', { purpose, granted }, { time: NOW - 2 * DAY })
const delivered = (at: number, enteredAt = ENTERED) =>
  anEvent('action.delivered', ledgerData('proactive-outreach', enteredAt), { time: at })

const judge = (state: CustomerState, more: Partial<GateInput> = {}) =>
  gate({ state, job: outreach, policy, at: NOW, begun: false, ...more })
/** Why not, undefined where nothing speaks against it. */
function ask(state: CustomerState, more: Partial<GateInput> = {}) {
  const verdict = judge(state, more)
  return verdict.kind === 'open' ? undefined : verdict.reason
}

test('who is still at risk is contacted, and unknown consent is yes for outreach and no for marketing', () => {
  expect(ask(inBand('at_risk'))).toBeUndefined()
  expect(ask(inBand('lapsed'), { job: reactivation })).toBe('no_consent')
  expect(ask(inBand('lapsed', consent('marketing', true)), { job: reactivation })).toBeUndefined()
  expect(ask(inBand('at_risk', consent('outreach', false)))).toBe('no_consent')
  // The other purpose's word does not count.
  expect(ask(inBand('lapsed', consent('outreach', true)), { job: reactivation })).toBe('no_consent')
})

test('the policy says what unknown consent means, and whether the action is done at all', () => {
  const bold = parsePolicy('consentWhenUnknown:\n  marketing: true\n  outreach: false\n')
  expect(ask(inBand('lapsed'), { job: reactivation, policy: bold })).toBeUndefined()
  expect(ask(inBand('at_risk'), { policy: bold })).toBe('no_consent')
  expect(ask(inBand('at_risk'), { policy: parsePolicy('actions:\n  proactive-outreach:\n    enabled: false\n') })).toBe(
    'disabled',
  )
})

test('the erased are never contacted', () => {
  expect(ask(ERASED_STATE)).toBe('erased')
})

test('whoever bought, or moved on to another band, is not contacted for the old one', () => {
  expect(ask(inBand('watch'))).toBe('no_longer_at_risk')
  expect(ask(inBand('lapsed'))).toBe('no_longer_at_risk')
  expect(ask({ ...inBand('at_risk'), decided: undefined })).toBe('no_longer_at_risk')
})

test('a snooze holds until its last millisecond', () => {
  const snoozed = inBand(
    'at_risk',
    anEvent('action.snoozed', { ...ledgerData('proactive-outreach'), until: iso(NOW + 1) }, { time: NOW - DAY }),
  )
  expect(ask(snoozed)).toBe('snoozed')
  expect(ask(snoozed, { at: NOW + 1 })).toBeUndefined()
})

test('an answer that came after the entry settles the episode, an older one does not', () => {
  const resolved = (at: number) =>
    anEvent('action.resolved', { ...ledgerData('proactive-outreach'), outcome: 'saved' }, { time: at })
  expect(ask(inBand('at_risk', resolved(ENTERED)))).toBe('answered')
  expect(ask(inBand('at_risk', resolved(ENTERED - 1)))).toBeUndefined()
})

test('this very episode is delivered once, however long ago', () => {
  const state = inBand('at_risk', delivered(ENTERED + 1))
  expect(ask(state)).toBe('already_delivered')
  expect(ask(state, { at: NOW + 100 * DAY })).toBe('already_delivered')
  // Unless this job itself has begun: its other channels may still get it.
  expect(ask(state, { begun: true })).toBeUndefined()
  expect(ask({ ...state, decided: { ...state.decided!, band: 'watch' } }, { begun: true })).toBe('no_longer_at_risk')
})

test('another episode of the same action holds it back for the cooldown, the other action does not', () => {
  const other = delivered(NOW - 13 * DAY, ENTERED - 50 * DAY)
  expect(ask(inBand('at_risk', other))).toBe('cooldown')
  expect(ask(inBand('at_risk', other), { begun: true })).toBe('cooldown')
  expect(ask(inBand('at_risk', other), { at: NOW + DAY })).toBeUndefined()
  expect(ask(inBand('lapsed', other, consent('marketing', true)), { job: reactivation })).toBeUndefined()
})

const snoozedTo = (until: number) =>
  anEvent('action.snoozed', { ...ledgerData('proactive-outreach'), until: iso(until) }, { time: NOW - DAY / 2 })

test('a snooze and a cooldown put the contact off to their end, and do not give it up', () => {
  expect(judge(inBand('at_risk', snoozedTo(NOW + DAY)))).toEqual({
    kind: 'held',
    reason: 'snoozed',
    until: NOW + DAY,
  })
  const other = delivered(NOW - 13 * DAY, ENTERED - 50 * DAY)
  expect(judge(inBand('at_risk', other))).toEqual({ kind: 'held', reason: 'cooldown', until: NOW + DAY })
})

test('nobody waits who left the band, whose newer stay is held by its own decision, or whose message is out already', () => {
  const snoozed = inBand('at_risk', snoozedTo(NOW + DAY))
  const because = { kind: 'refused', reason: 'snoozed' }
  expect(judge({ ...snoozed, decided: { ...snoozed.decided!, band: 'watch' } })).toEqual(because)
  expect(judge({ ...snoozed, decided: { ...snoozed.decided!, disposition: 'held' } })).toEqual(because)
  expect(judge(snoozed, { begun: true })).toEqual(because)
})

test('a job that waited until the customer was decided upon anew leaves the contact to the newer one', () => {
  const decided = (at: number, enteredAt: number) =>
    anEvent('action.decided', ledgerData('proactive-outreach', enteredAt), { time: at })
  expect(ask(inBand('at_risk', decided(NOW - 1, NOW - 2)))).toBe('superseded')
  // The decision of this very job, and an older one.
  expect(ask(inBand('at_risk', decided(ENTERED, ENTERED)))).toBeUndefined()
  expect(ask(inBand('at_risk', decided(ENTERED - DAY, ENTERED - DAY)))).toBeUndefined()
})
