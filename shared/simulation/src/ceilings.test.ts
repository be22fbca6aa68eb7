import { describe, expect, test } from 'vitest'
import { observe } from './observation.ts'
import { type ByPhase, DEFAULT_POPULATION, type Population } from './population.ts'
import { posteriorNoPurchase } from './posterior.ts'
import { DAY_MS, Season } from './season.ts'
import { generateShop } from './shop.ts'

const FROM = Date.UTC(2024, 0, 1)
const UNTIL = FROM + 730 * DAY_MS
const AT = FROM + 600 * DAY_MS
const HORIZON_MS = 90 * DAY_MS
const SAME: ByPhase = { active: 1, fading: 1, gone: 1 }

/** The same population for somebody who only sees purchases: nothing else differs between phases or moves the hazard. */
const PURCHASES_ONLY: Population = {
  ...DEFAULT_POPULATION,
  visitFactor: SAME,
  openFactor: SAME,
  clickChance: { active: 0.5, fading: 0.5, gone: 0.5 },
  withdrawals: SAME,
  strain: { ...DEFAULT_POPULATION.strain, complaint: 0, escalation: 0, reopening: 0, badAnswer: 0, goodAnswer: 0 },
}
const isPurchaseOrSignUp = (type: string): boolean => type === 'purchase.completed' || type === 'profile.updated'

interface Row {
  readonly churned: boolean
  readonly latent: number
  readonly posterior: number
  readonly fromPurchases: number
  readonly recencyMs: number
  readonly complained: boolean
  readonly types: ReadonlySet<string>
  readonly cancelled: boolean
}

function lookAtEverybody(): Row[] {
  const season = new Season(DEFAULT_POPULATION.season)
  const rows: Row[] = []
  for (const customer of generateShop({ seed: 21, customers: 8000, from: FROM, until: UNTIL }).customers) {
    const latent = customer.probabilityOfNoPurchase(AT, HORIZON_MS)
    const posterior = customer.posterior(AT, HORIZON_MS)
    if (latent === undefined || posterior === undefined) continue
    const bought = customer.events.filter(({ event }) => isPurchaseOrSignUp(event.type))
    // Silence on requests is news too; without them in view the rates must not count it.
    const quiet = { active: 0, fading: 0, gone: 0 }
    const contract = { upgrade: quiet, downgrade: quiet, pause: quiet, cancel: quiet }
    const view = { ...PURCHASES_ONLY, contract, goodbyeChance: 0 }
    const seen = observe(bought, AT, view)
    const times = bought.filter(({ event, timeMs }) => event.type === 'purchase.completed' && timeMs <= AT)
    const past = customer.events.filter(({ timeMs }) => timeMs <= AT)
    rows.push({
      types: new Set(past.filter(({ timeMs }) => timeMs > AT - 60 * DAY_MS).map(({ event }) => event.type)),
      cancelled: past.some(({ event }) => event.data.kind === 'cancel'),
      churned: customer.churned(AT, HORIZON_MS),
      latent,
      posterior,
      fromPurchases: seen === undefined ? 1 : posteriorNoPurchase(seen, HORIZON_MS, view, season),
      recencyMs: AT - (times.at(-1)?.timeMs ?? AT),
      complained: customer.events.some(
        ({ event, timeMs }) => event.data.complaint === true && timeMs <= AT && timeMs > AT - 45 * DAY_MS,
      ),
    })
  }
  return rows
}

const rows = lookAtEverybody()

/** Area under the ROC curve by mean ranks (Mann and Whitney 1947). */
function auc(score: (row: Row) => number): number {
  const sorted = rows.map((row) => ({ score: score(row), churned: row.churned })).sort((a, b) => a.score - b.score)
  let rankSum = 0
  let positives = 0
  for (let i = 0; i < sorted.length; ) {
    let end = i
    while (end < sorted.length && sorted[end]?.score === sorted[i]?.score) end++
    for (let k = i; k < end; k++) {
      if (sorted[k]?.churned !== true) continue
      rankSum += (i + end + 1) / 2
      positives++
    }
    i = end
  }
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * (sorted.length - positives))
}

/**
 * By tenths of the score: (observed - predicted) in standard errors. Tenths in which next to nothing is uncertain are
 * taken together until the variance reaches 5, below which a count is not nearly normal.
 */
function reliability(score: (row: Row) => number): number[] {
  const sorted = [...rows].sort((a, b) => score(a) - score(b))
  const errors: number[] = []
  let surprise = 0
  let variance = 0
  for (let tenth = 0; tenth < 10; tenth++) {
    for (const row of sorted.slice((tenth * sorted.length) / 10, ((tenth + 1) * sorted.length) / 10)) {
      surprise += Number(row.churned) - score(row)
      variance += score(row) * (1 - score(row))
    }
    if (variance < 5) continue
    errors.push(surprise / Math.sqrt(variance))
    surprise = 0
    variance = 0
  }
  return errors
}

describe('the ceilings', () => {
  test('stand in order: latent, posterior, posterior from purchases alone, recency alone', () => {
    const ceilings = {
      latent: auc(({ latent }) => latent),
      posterior: auc(({ posterior }) => posterior),
      fromPurchases: auc(({ fromPurchases }) => fromPurchases),
      recency: auc(({ recencyMs }) => recencyMs),
    }
    expect(ceilings.latent).toBeGreaterThan(ceilings.posterior + 0.01)
    expect(ceilings.posterior).toBeGreaterThan(ceilings.fromPurchases + 0.005)
    expect(ceilings.fromPurchases).toBeGreaterThan(ceilings.recency + 0.01)
    expect(ceilings.posterior).toBeGreaterThan(0.8)
    expect(ceilings.posterior).toBeLessThan(0.91)
  })

  test('churn is neither rare nor the rule', () => {
    const share = rows.filter(({ churned }) => churned).length / rows.length
    expect(share).toBeGreaterThan(0.3)
    expect(share).toBeLessThan(0.62)
  })

  test.each(['latent', 'posterior'] as const)('%s says what happens, in every tenth', (which) => {
    const errors = reliability((row) => row[which])
    expect(errors.length).toBeGreaterThan(5)
    expect(Math.max(...errors.map(Math.abs))).toBeLessThan(3.5)
    // 99.9 % point of chi-squared with ten degrees of freedom.
    expect(errors.reduce((sum, error) => sum + error * error, 0)).toBeLessThan(29.6)
  })

  test.each([
    ['cancelled', ({ cancelled }: Row) => cancelled],
    ['visited lately', ({ types }: Row) => types.has('engagement.visited')],
    ['opened mail lately', ({ types }: Row) => types.has('engagement.email_opened')],
    ['asked to change the contract lately', ({ types }: Row) => types.has('contract.change_requested')],
    ['answered a survey lately', ({ types }: Row) => types.has('survey.responded')],
    ['left a survey unanswered', ({ types }: Row) => types.has('survey.requested') && !types.has('survey.responded')],
    ['complained', ({ complained }: Row) => complained],
  ] as const)('the posterior is right of those who %s', (_who, among) => {
    const group = rows.filter(among)
    expect(group.length).toBeGreaterThan(100)
    const surprise = group.reduce((sum, { churned, posterior }) => sum + Number(churned) - posterior, 0)
    const variance = group.reduce((sum, { posterior }) => sum + posterior * (1 - posterior), 0)
    expect(Math.abs(surprise) / Math.sqrt(variance)).toBeLessThan(3.5)
  })

  test('complaints show: of those who bought in the last two months, the complainers leave more often', () => {
    const recent = rows.filter(({ recencyMs }) => recencyMs < 60 * DAY_MS)
    const churn = (of: readonly Row[]): number => of.filter(({ churned }) => churned).length / of.length
    const complained = churn(recent.filter(({ complained }) => complained))
    const content = churn(recent.filter(({ complained }) => !complained))
    expect(complained).toBeGreaterThan(1.25 * content)
  })
})
