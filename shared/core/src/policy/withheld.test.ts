import { describe, expect, test } from 'vitest'
import { type ActionState, type CustomerState, type Decided, EMPTY_STATE } from '../state/customer-state.ts'
import { ACTION } from '../state/groups/index.ts'
import { NEVER } from '../time.ts'
import { decide } from './decide.ts'
import type { Policy } from './policy.ts'
import { whyWithheld } from './withheld.ts'

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

const ledger = (changes: Partial<ActionState>): CustomerState => ({
  ...EMPTY_STATE,
  actions: { 'proactive-outreach': { ...ACTION.blank(), ...changes } },
})

interface Case {
  readonly state?: CustomerState
  readonly band?: Decided['band']
  readonly at?: number
  readonly modelMaySend?: boolean
}

/** Decides, stores what a state keeps of the decision, and asks for the reason; a second look may follow days later. */
function told({ state = EMPTY_STATE, band = 'at_risk', at = AT, modelMaySend = true }: Case, again = at) {
  const look = (before: Decided | undefined, when: number): { decided: Decided; withheld: string | undefined } => {
    const { disposition, heldUntil, withheld } = decide({
      state,
      before,
      band,
      enteredAt: ENTERED,
      at: when,
      policy: POLICY,
      modelMaySend,
    })
    const decided: Decided = {
      band,
      previousBand: 'watch',
      enteredAt: ENTERED,
      evaluatedAt: when,
      probability: 0.7,
      expectedLossMinor: 1,
      disposition,
      heldUntil,
      predictedAt: NEVER,
      predictedProbability: 0,
      judged: 0,
    }
    return { decided, withheld }
  }
  const first = look(undefined, at)
  const last = again === at ? first : look(first.decided, again)
  return { decided: first.withheld, told: whyWithheld({ ...state, decided: last.decided }, POLICY, modelMaySend) }
}

describe('why a customer is not contacted is told as it was decided', () => {
  test.each<readonly [string, Case]>([
    ['too_late', { at: ENTERED + 8 * DAY }],
    ['generated_model', { modelMaySend: false }],
    ['no_consent', { band: 'lapsed' }],
    ['answered', { state: ledger({ resolvedAt: ENTERED + 1, outcome: 'saved' }) }],
    ['snoozed', { state: ledger({ snoozedUntil: AT + DAY, snoozedAt: ENTERED }) }],
    ['cooldown', { state: ledger({ deliveredAt: ENTERED - DAY, delivered: 1 }) }],
  ])('%s', (reason, input) => {
    expect(told(input)).toEqual({ decided: reason, told: reason })
  })

  test('also after another look at the same stay', () => {
    expect(told({ state: ledger({ snoozedUntil: AT + 3 * DAY }) }, AT + DAY).told).toBe('snoozed')
    expect(told({ state: ledger({ resolvedAt: ENTERED + 1, outcome: 'lost' }) }, AT + DAY).told).toBe('answered')
  })
})

test('nothing is told of who is contacted, or of a band that asks for nothing', () => {
  expect(told({}).told).toBeUndefined()
  expect(told({ band: 'watch' }).told).toBeUndefined()
  expect(whyWithheld(EMPTY_STATE, POLICY, true)).toBeUndefined()
})

test('a reason that cannot be told for certain is not made up', () => {
  // Recorded for the model's sake, and by the next look it would be too late as well.
  expect(told({ modelMaySend: false }, ENTERED + 9 * DAY)).toEqual({ decided: 'generated_model', told: undefined })
})
