import type { CustomerLife } from './customer.ts'

/** Things that happen to a customer at a rate (Poisson within a boundary). */
interface Stream {
  readonly ratePerDay: (life: CustomerLife, season: number) => number
  readonly happens: (life: CustomerLife, at: number) => void
}

const MINUTE_MS = 60_000
const perYear = (count: number): number => count / 365.25

/** All streams, the frequent ones first. Those whose rate does not depend on the phase carry no news of dropout. */
export const STREAMS: readonly Stream[] = [
  {
    ratePerDay: (life, season) =>
      life.boughtFirstAt === undefined
        ? 0
        : life.traits.purchaseRate * season * life.population.purchaseFactor[life.phase()],
    happens: (life, at) => life.buy(at),
  },
  {
    ratePerDay: (life, season) => life.traits.visitRate * season * life.population.visitFactor[life.phase()],
    happens: visit,
  },
  {
    ratePerDay: (life) => (life.marketingAllowed ? life.traits.openRate * life.population.openFactor[life.phase()] : 0),
    happens: openMail,
  },
  {
    ratePerDay: (life) => (life.marketingAllowed ? life.population.withdrawals[life.phase()] : 0),
    happens: (life, at) => changeMarketing(life, at, false),
  },
  {
    ratePerDay: (life) => (!life.marketingAllowed && life.person.profile.email !== undefined ? perYear(0.15) : 0),
    happens: (life, at) => changeMarketing(life, at, true),
  },
  ...(['upgrade', 'downgrade', 'pause', 'cancel'] as const).map((kind) => ({
    ratePerDay: (life: CustomerLife) =>
      life.boughtFirstAt === undefined ? 0 : life.population.contract[kind][life.phase()],
    happens: (life: CustomerLife, at: number) => life.requestContractChange(kind, at),
  })),
  { ratePerDay: () => perYear(0.06), happens: mention },
  {
    ratePerDay: () => perYear(0.12),
    happens: (life, at) =>
      life.emit('profile.updated', at, { ownerId: `agent-${1 + Math.floor(8 * life.rng.uniform())}` }),
  },
  {
    ratePerDay: () => perYear(0.02),
    happens: (life, at) => life.emit('consent.changed', at, { purpose: 'outreach', granted: life.rng.chance(0.5) }),
  },
  { ratePerDay: () => perYear(0.004), happens: (life, at) => life.erase(at) },
]

function visit(life: CustomerLife, at: number): void {
  const { rng } = life
  life.emit('engagement.visited', at, rng.chance(0.15) ? { campaignId: campaignAt(at) } : {})
  if (rng.chance(0.25))
    life.schedule(at + rng.between(0.2, 2) * MINUTE_MS, (then) => life.emit('engagement.logged_in', then, {}))
  if (rng.chance(0.12)) {
    const feature = rng.pick(['wishlist', 'reorder', 'store-finder', 'reviews'])
    life.schedule(at + rng.between(2, 9) * MINUTE_MS, (then) => life.emit('engagement.feature_used', then, { feature }))
  }
}

function openMail(life: CustomerLife, at: number): void {
  const campaignId = campaignAt(at)
  life.emit('engagement.email_opened', at, { campaignId })
  if (!life.rng.chance(life.population.clickChance[life.phase()])) return
  life.schedule(at + life.rng.between(0.1, 2) * MINUTE_MS, (then) =>
    life.emit('engagement.email_clicked', then, { campaignId }),
  )
}

function changeMarketing(life: CustomerLife, at: number, granted: boolean): void {
  life.marketingAllowed = granted
  life.emit('consent.changed', at, { purpose: 'marketing', granted })
}

function mention(life: CustomerLife, at: number): void {
  const { rng } = life
  const sentiment = life.strained() ? rng.between(-1, 0.2) : rng.between(-0.4, 1)
  life.emit('social.mentioned', at, { sentiment: Math.round(sentiment * 100) / 100 })
}

/** The campaign that runs in the month of `at`. */
export function campaignAt(at: number): string {
  return `campaign-${new Date(at).toISOString().slice(0, 7)}`
}
