import { expect, test } from 'vitest'
import { type EventData, eventFactory, type ShopEventType } from './event.ts'
import { observe } from './observation.ts'
import { DEFAULT_POPULATION as POPULATION, type RatePrior } from './population.ts'
import { posteriorNoPurchase } from './posterior.ts'
import { Rng } from './rng.ts'
import { DAY_MS, Season } from './season.ts'

/**
 * The whole posterior against brute force: latent parameters drawn from the population, each weighted with the
 * probability of the events, written down term by term as the simulation would have it. Nothing is shared with the
 * posterior but the population. Times are days since `FROM`.
 */
const FROM = Date.UTC(2024, 0, 1)
const HORIZON = 90
const DRAWS = 400_000
const season = new Season(POPULATION.season)
const seasonDays = (from: number, to: number): number =>
  season.days(FROM + to * DAY_MS) - season.days(FROM + from * DAY_MS)

interface Story {
  readonly at: number
  /** The first is the day of sign-up, too. */
  readonly purchases: readonly number[]
  readonly visits: readonly number[]
  readonly opens: readonly { readonly day: number; readonly clicked: boolean }[]
  readonly complaints: readonly number[]
  readonly downgrades: readonly number[]
  /** Requested NPS surveys, not answered. */
  readonly unanswered: readonly number[]
}

const makeEvent = eventFactory(0)

function tell(story: Story) {
  const told: { readonly day: number; readonly type: ShopEventType; readonly data: EventData }[] = [
    { day: 0, type: 'consent.changed', data: { purpose: 'marketing', granted: true } },
    ...story.purchases.map((day) => ({ day, type: 'purchase.completed' as const, data: { channel: 'store' } })),
    ...story.visits.map((day) => ({ day, type: 'engagement.visited' as const, data: {} })),
    ...story.opens.map(({ day }) => ({ day, type: 'engagement.email_opened' as const, data: {} })),
    ...story.opens
      .filter(({ clicked }) => clicked)
      .map(({ day }) => ({ day: day + 0.001, type: 'engagement.email_clicked' as const, data: {} })),
    ...story.complaints.map((day) => ({ day, type: 'support.ticket_opened' as const, data: { complaint: true } })),
    ...story.downgrades.map((day) => ({
      day,
      type: 'contract.change_requested' as const,
      data: { kind: 'downgrade' },
    })),
    ...story.unanswered.map((day) => ({ day, type: 'survey.requested' as const, data: { kind: 'nps' } })),
  ]
  return told
    .sort((a, b) => a.day - b.day)
    .map(({ day, type, data }, i) => makeEvent(type, `e-${i}`, 'cust-000001', FROM + day * DAY_MS, data))
}

/** Day of fading for somebody whose cumulated hazard may reach `patience`: a walk over the strains' starts and ends. */
function fadingDay(story: Story, dropoutRate: number, patience: number): number {
  const { days, complaint, highest } = POPULATION.strain
  const edges = story.complaints.flatMap((day) => [day, day + days]).sort((a, b) => a - b)
  let left = patience
  let now = 0
  for (const edge of [...edges, Number.POSITIVE_INFINITY]) {
    const strains = story.complaints.filter((day) => day <= now && now < day + days).length
    const hazard = dropoutRate * Math.exp(Math.min(highest, strains * complaint))
    if (now + left / hazard <= edge) return now + left / hazard
    left -= hazard * (edge - now)
    now = edge
  }
  throw new Error('unreachable: the last edge is infinite')
}

function bruteForce(story: Story): number {
  const rng = new Rng(77, 0)
  const draw = ({ shape, meanPerDay }: RatePrior): number => rng.gamma(shape, meanPerDay)
  const shares = POPULATION.fading.map(({ share }) => share)
  const contractRates = Object.values(POPULATION.contract)
  const { at } = story
  let seen = 0
  let quiet = 0
  for (let i = 0; i < DRAWS; i++) {
    const buying = draw(POPULATION.purchases)
    const visiting = draw(POPULATION.visits)
    const opening = draw(POPULATION.opens)
    const dropout = draw(POPULATION.dropout)
    const once = rng.chance(POPULATION.oneTimeShare)
    const fades = once ? 0 : fadingDay(story, dropout, rng.exponential())
    const leaves = once ? 0 : fades + (POPULATION.fading[rng.weighted(shares, 1)]?.days ?? 0)
    const phase = (day: number) => (day <= fades ? 'active' : day <= leaves ? 'fading' : 'gone')
    const a = Math.min(at, fades)
    const b = Math.min(at, leaves)

    let weight = once || leaves > at ? 1 : 1 - POPULATION.goodbyeChance
    for (const day of story.purchases.slice(1)) weight *= buying * POPULATION.purchaseFactor[phase(day)]
    for (const day of story.visits) weight *= visiting * POPULATION.visitFactor[phase(day)]
    for (const { day, clicked } of story.opens) {
      const click = POPULATION.clickChance[phase(day)]
      weight *= opening * POPULATION.openFactor[phase(day)] * (clicked ? click : 1 - click)
    }
    for (const day of story.downgrades) weight *= POPULATION.contract.downgrade[phase(day)]
    for (const day of story.unanswered) weight *= 1 - POPULATION.answerChance[phase(day)]
    if (weight === 0) continue
    const over = (factor: { active: number; fading: number; gone: number }, days: (x: number, y: number) => number) =>
      factor.active * days(0, a) + factor.fading * days(a, b) + factor.gone * days(b, at)
    const plain = (from: number, to: number): number => to - from
    let exponent = buying * over(POPULATION.purchaseFactor, seasonDays)
    exponent += visiting * over(POPULATION.visitFactor, seasonDays)
    exponent += opening * over(POPULATION.openFactor, plain)
    exponent += over(POPULATION.withdrawals, plain)
    for (const factors of contractRates) exponent += over(factors, plain)
    weight *= Math.exp(-exponent)

    const end = at + HORIZON
    const later = Math.min(end, Math.max(at, fades))
    const latest = Math.min(end, Math.max(at, leaves))
    const { fading } = POPULATION.purchaseFactor
    seen += weight
    quiet += weight * Math.exp(-buying * (seasonDays(at, later) + fading * seasonDays(later, latest)))
  }
  return quiet / seen
}

const BARE: Story = {
  at: 70,
  purchases: [0],
  visits: [],
  opens: [],
  complaints: [],
  downgrades: [],
  unanswered: [],
}

test.each([
  ['a first purchase and silence', BARE],
  ['silence after regular purchases', { ...BARE, at: 210, purchases: [0, 40, 75, 118] }],
  ['a complaint, then half silence', { ...BARE, at: 130, purchases: [0, 40, 75], complaints: [82], visits: [95] }],
  [
    'a bit of everything',
    {
      at: 190,
      purchases: [0, 45, 80],
      visits: [12, 60, 100, 150],
      opens: [
        { day: 20, clicked: true },
        { day: 140, clicked: false },
      ],
      complaints: [30],
      downgrades: [120],
      unanswered: [90],
    },
  ],
] as const)(
  'the posterior equals brute force over the population: %s',
  (_name, story) => {
    const seen = observe(tell(story), FROM + story.at * DAY_MS, POPULATION)
    if (seen === undefined) throw new Error('nothing to observe')
    const posterior = posteriorNoPurchase(seen, HORIZON * DAY_MS, POPULATION, season)
    expect(Math.abs(posterior - bruteForce(story))).toBeLessThan(0.01)
  },
  30_000,
)
