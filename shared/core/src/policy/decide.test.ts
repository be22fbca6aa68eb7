import { describe, expect, test } from 'vitest'
import { type ActionState, BANDS, type Decided, EMPTY_STATE } from '../state/customer-state.ts'
import { ACTION } from '../state/groups/index.ts'
import { type DecideInput, decide } from './decide.ts'
import type { Policy } from './policy.ts'

const DAY = 86_400_000
const ENTERED = Date.UTC(2026, 5, 1)
const AT = ENTERED + DAY

const POLICY: Policy = {
  actions: {
    'proactive-outreach': { enabled: true, cooldownMs: 14 * DAY },
    reactivation: { enabled: true, cooldownMs: 30 * DAY },
  },
  consentWhenUnknown: { outreach: true, marketing: false },
  actionHorizonMs: 7 * DAY,
  sendWithGeneratedModel: false,
}

const NO_OUTREACH: Policy = {
  ...POLICY,
  actions: { ...POLICY.actions, 'proactive-outreach': { ...POLICY.actions['proactive-outreach'], enabled: false } },
}

const DECIDED: Decided = {
  band: 'at_risk',
  previousBand: 'watch',
  enteredAt: ENTERED,
  evaluatedAt: ENTERED,
  probability: 0.7,
  expectedLossMinor: 1,
  disposition: 'held',
  heldUntil: AT,
  predictedAt: -1,
  predictedProbability: 0,
  judged: 0,
}

/** An at-risk customer of whom nothing forbids anything, but for what a test says. */
function input(changes: Partial<DecideInput> = {}): DecideInput {
  return {
    state: EMPTY_STATE,
    before: undefined,
    band: 'at_risk',
    enteredAt: ENTERED,
    at: AT,
    policy: POLICY,
    modelMaySend: true,
    ...changes,
  }
}

const ledger = (changes: Partial<ActionState>): DecideInput['state'] => ({
  ...EMPTY_STATE,
  actions: { 'proactive-outreach': { ...ACTION.blank(), ...changes } },
})
const consent = (granted: boolean): DecideInput['state']['consent'] => ({
  outreach: { granted, at: 1, id: 1 },
  marketing: { granted, at: 1, id: 1 },
})

const outcome = (changes: Partial<DecideInput>) => {
  const { disposition, withheld, heldUntil } = decide(input(changes))
  return { disposition, withheld, heldUntil }
}

describe('the bands', () => {
  test.each(BANDS.map((band) => [band]))('%s', (band) => {
    const action = { at_risk: 'proactive-outreach', lapsed: 'reactivation' }[band as string]
    const decision = decide(input({ band, state: { ...EMPTY_STATE, consent: consent(true) } }))
    expect(decision).toEqual({
      disposition: action === undefined ? 'none' : 'queued',
      action,
      episodeAt: ENTERED,
      heldUntil: -1,
      withheld: undefined,
    })
  })
})

type Close = (open: DecideInput) => DecideInput

const withLedger = (open: DecideInput, changes: Partial<ActionState>): DecideInput => {
  const action = { ...ACTION.blank(), ...open.state.actions['proactive-outreach'], ...changes }
  return { ...open, state: { ...open.state, actions: { 'proactive-outreach': action } } }
}

/** Each gate with what closes it, in the order in which they are asked. */
const GATES: readonly (readonly [name: string, disposition: string, heldUntil: number, close: Close])[] = [
  ['too_late', 'recorded', -1, (open) => ({ ...open, at: ENTERED + 7 * DAY + 1 })],
  ['generated_model', 'recorded', -1, (open) => ({ ...open, modelMaySend: false })],
  ['disabled', 'refused', -1, (open) => ({ ...open, policy: NO_OUTREACH })],
  ['no_consent', 'refused', -1, (open) => ({ ...open, state: { ...open.state, consent: consent(false) } })],
  ['answered', 'refused', -1, (open) => withLedger(open, { resolvedAt: open.enteredAt, outcome: 'saved' })],
  ['snoozed', 'held', AT + 1, (open) => withLedger(open, { snoozedUntil: open.at + 1 })],
  ['cooldown', 'held', AT + 1, (open) => withLedger(open, { deliveredAt: open.at + 1 - 14 * DAY, delivered: 1 })],
]

describe('each gate alone', () => {
  test.each(GATES)('%s is %s', (withheld, disposition, heldUntil, close) => {
    expect(decide(close(input()))).toEqual({
      disposition,
      action: 'proactive-outreach',
      episodeAt: ENTERED,
      heldUntil,
      withheld,
    })
  })
})

describe('of two gates that are closed the first answers', () => {
  const pairs = GATES.flatMap(([first, , , close], i) =>
    GATES.slice(i + 1).map(([second, , , closeToo]) => [first, second, close, closeToo] as const),
  )
  test.each(pairs)('%s before %s', (first, _second, close, closeToo) => {
    expect(decide(close(closeToo(input()))).withheld).toBe(first)
  })
})

describe('the edges', () => {
  test.each([
    ['a snooze that ends now', { state: ledger({ snoozedUntil: AT }) }, 'queued'],
    ['a cooldown that ends now', { state: ledger({ deliveredAt: AT - 14 * DAY, delivered: 1 }) }, 'queued'],
    ['an answer to an earlier episode', { state: ledger({ resolvedAt: ENTERED - 1, outcome: 'lost' }) }, 'queued'],
    ['the last instant of the action horizon', { at: ENTERED + 7 * DAY }, 'queued'],
    [
      'a generated model that is allowed to',
      { modelMaySend: false, policy: { ...POLICY, sendWithGeneratedModel: true } },
      'queued',
    ],
    ['consent unknown, outreach', {}, 'queued'],
    ['consent unknown, marketing', { band: 'lapsed' }, 'refused'],
    ['consent given, marketing', { band: 'lapsed', state: { ...EMPTY_STATE, consent: consent(true) } }, 'queued'],
    [
      'the other action is snoozed and cooling down',
      { band: 'lapsed', state: { ...ledger({ snoozedUntil: AT + DAY, deliveredAt: AT }), consent: consent(true) } },
      'queued',
    ],
  ] satisfies readonly (readonly [string, Partial<DecideInput>, string])[])(
    '%s: %s',
    (_story, changes, disposition) => {
      expect(decide(input(changes)).disposition).toBe(disposition)
    },
  )
})

describe('once a stay', () => {
  test.each(['queued', 'recorded'] as const)('%s is final for the stay, whatever the log says since', (disposition) => {
    const before = { ...DECIDED, disposition, heldUntil: -1 }
    const state = { ...ledger({ snoozedUntil: AT + DAY }), consent: consent(false) }
    expect(outcome({ before, state })).toEqual({ disposition, withheld: undefined, heldUntil: -1 })
  })

  test.each(['none', 'held', 'refused'] as const)('%s is decided again', (disposition) => {
    expect(decide(input({ before: { ...DECIDED, disposition } })).disposition).toBe('queued')
  })

  test('a new stay is decided anew', () => {
    const before: Decided = { ...DECIDED, band: 'watch', disposition: 'queued' }
    expect(decide(input({ before })).disposition).toBe('queued')
  })

  test('what was held is as fresh as the end of its hold', () => {
    const at = ENTERED + 20 * DAY
    const held = (heldUntil: number): string =>
      decide(input({ at, before: { ...DECIDED, disposition: 'held', heldUntil } })).disposition
    expect(held(at - 7 * DAY)).toBe('queued')
    expect(held(at - 7 * DAY - 1)).toBe('recorded')
    expect(decide(input({ at, before: { ...DECIDED, disposition: 'refused', heldUntil: -1 } })).disposition).toBe(
      'recorded',
    )
  })
})

describe('the episode', () => {
  const episode = (changes: Partial<ActionState>): number => decide(input({ state: ledger(changes) })).episodeAt
  const earlier = ENTERED - 3 * DAY

  test.each([
    ['none decided before: the entry', {}, ENTERED],
    [
      'decided, not delivered, within the cooldown: the same once more',
      { decidedAt: ENTERED - DAY, decidedEpisode: earlier },
      earlier,
    ],
    ['decided longer ago than the cooldown: a new one', { decidedAt: AT - 14 * DAY, decidedEpisode: earlier }, ENTERED],
    [
      'decided before the last delivery, which has cooled down: a new one',
      { decidedAt: AT - 15 * DAY, decidedEpisode: earlier, deliveredAt: AT - 14 * DAY, delivered: 1 },
      ENTERED,
    ],
  ] as const)('%s', (_story, changes, wanted) => {
    expect(episode(changes)).toBe(wanted)
  })
})
