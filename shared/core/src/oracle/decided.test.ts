import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { addCounterChanges, addCounters, counted } from '../aggregates/counters.ts'
import { VALUATION_ERROR } from '../clv/valuation.ts'
import { evaluate } from '../evaluate.ts'
import type { CustomerEvent } from '../event.ts'
import { fold } from '../fold/fold.ts'
import type { Policy } from '../policy/policy.ts'
import { probabilityOf, type RiskModel } from '../risk/model.ts'
import { type CustomerState, EMPTY_STATE } from '../state/customer-state.ts'
import { decodeState, encodeState } from '../state/layout.ts'
import { arbitrarySilence } from './arbitrary-risk.ts'
import { naiveLogit, oracleEvaluate } from './naive-risk.ts'
import { eventsOf, naiveState, withoutDuplicates } from './naive-state.ts'
import { sameFolded } from './same-folded.ts'

vi.setConfig({ testTimeout: 60_000 })

const DAY = 86_400_000
const MINUTE = 60_000

const POLICY: Policy = {
  actions: {
    'proactive-outreach': { enabled: true, cooldownMs: 14 * DAY },
    reactivation: { enabled: true, cooldownMs: 30 * DAY },
  },
  consentWhenUnknown: { outreach: true, marketing: false },
  actionHorizonMs: 7 * DAY,
  sendWithGeneratedModel: false,
}

function look(state: CustomerState, at: number, model: RiskModel) {
  const { logit } = naiveLogit(state, at, model)
  const score = { logit, probability: Math.fround(probabilityOf(logit)) }
  const evaluation = evaluate(state, at, score, { model, policy: POLICY, modelMaySend: true })
  return { ...evaluation, state: { ...state, decided: evaluation.decided } }
}

/** A history in order of time, cut into batches, each followed by a look some time later; then looks into the silence. */
const lives = fc
  .tuple(
    arbitrarySilence(fc.constantFrom(2, 10)),
    fc.array(fc.tuple(fc.integer({ min: 1, max: 6 }), fc.nat(2 * DAY)), { minLength: 1, maxLength: 8 }),
    fc.array(fc.nat(12 * DAY), { maxLength: 4 }),
  )
  .map(([{ log, model }, batches, pauses]) => {
    const sorted = [...log].sort((a, b) => a.time - b.time)
    const steps: { events: CustomerEvent[]; at: number }[] = []
    let from = 0
    let now = 0
    for (const [count, later] of batches) {
      const events = sorted.slice(from, from + count)
      from += count
      now = Math.max(now, ...events.map((e) => e.time)) + later
      steps.push({ events, at: now })
    }
    // The rest comes as one batch that ends with the sale, so that there is risk to see.
    const rest = sorted.slice(from)
    now = Math.max(now, ...rest.map((e) => e.time))
    steps.push({ events: rest, at: now })
    for (const pause of pauses) {
      now += pause
      steps.push({ events: [], at: now })
    }
    return { model, steps }
  })

test('the decided half is what the oracle evaluates from the same band before, at the same instant', () => {
  let changes = 0
  let kept = 0
  fc.assert(
    fc.property(lives, ({ model, steps }) => {
      let state = EMPTY_STATE
      for (const { events, at } of steps) {
        const before = events.reduce(fold, state)
        const result = look(before, at, model)
        const wanted = oracleEvaluate(before, before.decided?.band, at, model)
        const { decided } = result
        if (wanted.isOnTheLine) return
        expect(decided.band).toBe(wanted.band)
        expect(decided.previousBand).toBe(before.decided?.band)
        expect(decided.probability).toBe(wanted.probability)
        const rounding = 1 + VALUATION_ERROR * wanted.expectedLossMinor
        expect(Math.abs(decided.expectedLossMinor - wanted.expectedLossMinor)).toBeLessThanOrEqual(rounding)
        expect(decided.evaluatedAt).toBe(at)
        if (wanted.enteredAt === undefined) {
          kept++
          expect(decided.enteredAt).toBe(before.decided?.enteredAt)
          expect(result.changedFrom).toBeUndefined()
        } else {
          changes++
          expect(Math.abs(decided.enteredAt - wanted.enteredAt)).toBeLessThanOrEqual(MINUTE)
          expect(result.changedFrom).toBe(before.decided?.band ?? 'none')
        }
        if (result.nextLookAt !== undefined) expect(result.nextLookAt).toBeGreaterThan(at)
        expect(sameFolded(result.state, before)).toBeUndefined()
        state = decodeState(encodeState(result.state))
        expect(state.decided).toEqual(decided)
      }
    }),
    { numRuns: 100 },
  )
  expect(Math.min(changes, kept)).toBeGreaterThan(30)
})

function summed(add: (add: (counter: string, amount: number) => void) => void): Map<string, number> {
  const counters = new Map<string, number>()
  add((counter, amount) => counters.set(counter, (counters.get(counter) ?? 0) + amount))
  for (const [counter, amount] of counters) if (amount === 0) counters.delete(counter)
  return counters
}

const erasure: CustomerEvent = { type: 'customer.erased', customerId: 'c', time: 1, knownAt: 1, idHash: 2 ** 48 - 1 }

test('changes to the counters, added up over whole histories, are a recount from the states', () => {
  const shop = fc.array(fc.tuple(lives, fc.constantFrom(false, false, false, true)), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(shop, (customers) => {
      const last: CustomerState[] = []
      const changes = summed((add) => {
        for (const [{ model, steps }, isErased] of customers) {
          let stored = EMPTY_STATE
          for (const { events, at } of steps) {
            const folded = events.reduce(fold, stored)
            const { state } = look(folded, at, model)
            addCounterChanges(counted(stored), counted(state), add)
            stored = decodeState(encodeState(state))
          }
          if (isErased) {
            const erased = fold(stored, erasure)
            addCounterChanges(counted(stored), counted(erased), add)
            stored = decodeState(encodeState(erased))
          }
          last.push(stored)
        }
      })
      const recounted = summed((add) => {
        for (const state of last) addCounters(state, add)
      })
      expect(Object.fromEntries([...changes].sort())).toEqual(Object.fromEntries([...recounted].sort()))
    }),
    { numRuns: 60 },
  )
})

test('the counters of buying, support and voice are those of the raw events', () => {
  fc.assert(
    fc.property(lives, ({ steps }) => {
      const log = withoutDuplicates(steps.flatMap((step) => step.events))
      const counters = summed((add) => addCounters(log.reduce(fold, EMPTY_STATE), add))
      const of = (name: string): number => counters.get(name) ?? 0
      const bought = eventsOf(log, 'purchase.completed')
      const month = (e: { time: number }): string => new Date(e.time).toISOString().slice(0, 7)
      const cohort = bought.map(month).sort()[0] ?? ''
      const newest = naiveState(log).purchases?.recent[0] ?? 0
      const remembered = (e: { time: number }): boolean => {
        const [a, b] = [new Date(newest), new Date(e.time)]
        return (a.getUTCFullYear() - b.getUTCFullYear()) * 12 + a.getUTCMonth() - b.getUTCMonth() < 64
      }
      expect(of('purchases')).toBe(bought.length)
      expect(of('buyers')).toBe(Math.min(1, bought.length))
      expect(of('spendMinor')).toBe(bought.reduce((sum, e) => sum + e.amountMinor, 0))
      expect(of(`cohort:${cohort}`)).toBe(Math.min(1, bought.length))
      expect([...counters.keys()].filter((name) => name.startsWith('active:')).sort()).toEqual(
        [...new Set(bought.filter(remembered).map((e) => `active:${cohort}:${month(e)}`))].sort(),
      )
      expect(of('refunds')).toBe(eventsOf(log, 'purchase.refunded').length)
      expect(of('complaints')).toBe(eventsOf(log, 'support.ticket_opened').filter((e) => e.complaint).length)
      const nps = naiveState(log).surveys.nps
      const stance =
        nps === undefined || nps.responded === 0
          ? ''
          : ['Detractors', 'Passives', 'Promoters'][Number(nps.score > 6) + Number(nps.score > 8)]
      for (const name of ['Detractors', 'Passives', 'Promoters']) expect(of(`nps${name}`)).toBe(name === stance ? 1 : 0)
    }),
    { numRuns: 100 },
  )
})
