import type { Observation } from './observation.ts'
import type { Population } from './population.ts'
import { LogSum, quadrature } from './quadrature.ts'
import { DAY_MS, type Season } from './season.ts'

/**
 * Probability that the customer makes no purchase in (at, at + horizonMs], given nothing but the events up to `at` and
 * the population.
 *
 * With fading at σ and leaving at τ = σ + D everything else integrates in closed form, because each rate is Gamma and
 * enters the likelihood as rate^count · exp(-rate · exposure) (Fader and Hardie, "A Note on Deriving the Pareto/NBD
 * Model", 2005, §3): the evidence is Γ-terms times (b + exposure)^-(a + count). The hazard exp(strain) is known, so σ has
 * the density of a Gamma mixture of exponentials in operational time H: s βˢ h(σ) / (β + H(σ))^(s+1). What remains is one
 * integral over σ for each D. A horizon without purchase only lengthens the exposure of the purchase rate, so
 *
 *     P(no purchase in (T, T+H] | events) = Z(T + H) / Z(T),
 *
 * Z(E) being the evidence of all that was seen up to T and of no further purchase up to E.
 *
 * Two small things are left out: strain that a past purchase has yet to bring (a ticket not opened so far; it makes the
 * forecast about 0.01 too low in the first two weeks after a purchase), and erasure (0.4 % of customers a year).
 */
export function posteriorNoPurchase(
  seen: Observation,
  horizonMs: number,
  population: Population,
  season: Season,
): number {
  const now = logEvidence(seen, seen.at, population, season)
  const later = logEvidence(seen, seen.at + horizonMs, population, season)
  return Math.min(1, Math.exp(later - now))
}

/** Z of the docstring above, up to factors that do not depend on `quietUntil`. */
function logEvidence(seen: Observation, quietUntil: number, population: Population, season: Season): number {
  const { at, boughtFirstAt, signedUpAt, lastAliveAt, cancels } = seen
  const { purchaseFactor, visitFactor, openFactor, withdrawals, contract, goodbyeChance } = population
  const rate = ({ shape, meanPerDay }: { shape: number; meanPerDay: number }) => ({ a: shape, b: shape / meanPerDay })
  const purchases = rate(population.purchases)
  const visits = rate(population.visits)
  const opens = rate(population.opens)
  const dropout = rate(population.dropout)
  const contractRate = { active: 0, fading: 0 }
  for (const factors of Object.values(contract)) {
    contractRate.active += factors.active
    contractRate.fading += factors.fading
  }
  const seasonStart = season.days(boughtFirstAt)
  const seasonSignUp = season.days(signedUpAt)
  const seasonAt = season.days(at)
  const mailedAt = seen.mailed.value(at)
  const lastCancel = cancels[cancels.length - 1]

  /** Log likelihood of everything but the time of dropout and the cancel requests. */
  const likelihood = (fadesAt: number, leavesAt: number): number => {
    const quiet1 = Math.min(fadesAt, quietUntil)
    const quiet2 = Math.min(leavesAt, quietUntil)
    const seen1 = Math.min(fadesAt, at)
    const seen2 = Math.min(leavesAt, at)
    const s1 = season.days(seen1)
    const s2 = season.days(seen2)
    const m1 = seen.mailed.value(seen1)
    const m2 = seen.mailed.value(seen2)
    const q1 = season.days(quiet1)
    const buying = q1 - seasonStart + purchaseFactor.fading * (season.days(quiet2) - q1)
    const visiting = s1 - seasonSignUp + visitFactor.fading * (s2 - s1) + visitFactor.gone * (seasonAt - s2)
    const opening = m1 + openFactor.fading * (m2 - m1) + openFactor.gone * (mailedAt - m2)
    const withdrawing = withdrawals.active * m1 + withdrawals.fading * (m2 - m1) + withdrawals.gone * (mailedAt - m2)
    const asking = (contractRate.active * (seen1 - boughtFirstAt) + contractRate.fading * (seen2 - seen1)) / DAY_MS
    return (
      seen.sightings.logFactor(fadesAt, leavesAt) -
      (purchases.a + seen.repeats) * Math.log(purchases.b + buying) -
      (visits.a + seen.visits) * Math.log(visits.b + visiting) -
      (opens.a + seen.opens) * Math.log(opens.b + opening) -
      withdrawing -
      asking
    )
  }
  /** Log factor of the first `count` cancel requests, none of them a goodbye. */
  const idleCancels = (count: number, fadesAt: number): number => {
    let sum = 0
    for (let i = 0; i < count; i++) sum += Math.log(contract.cancel[(cancels[i] ?? 0) <= fadesAt ? 'active' : 'fading'])
    return sum
  }
  const survival = (fadesAt: number): number =>
    dropout.a * (Math.log(dropout.b) - Math.log(dropout.b + seen.hazard.value(fadesAt)))
  /** Log density of fading at `fadesAt`, a day. */
  const density = (fadesAt: number): number =>
    Math.log((dropout.a * seen.hazard.slope(fadesAt)) / (dropout.b + seen.hazard.value(fadesAt))) + survival(fadesAt)

  const total = new LogSum()
  if (lastAliveAt <= boughtFirstAt) {
    total.add(Math.log(population.oneTimeShare) + likelihood(boughtFirstAt, boughtFirstAt))
  }
  const stays = Math.log(1 - population.oneTimeShare)
  const never = Number.MAX_SAFE_INTEGER
  total.add(stays + survival(quietUntil) + likelihood(never, never) + idleCancels(cancels.length, never))

  for (const { days, share } of population.fading) {
    const fadingMs = days * DAY_MS
    const weight = stays + Math.log(share)
    const from = Math.max(boughtFirstAt, lastAliveAt - fadingMs)
    const knots = [at, at - fadingMs, quietUntil - fadingMs, ...seen.hazard.knots]
    for (const time of [
      ...seen.sightings.times,
      ...seen.mailed.knots,
      ...cancels,
      ...monthsOf(season, from, quietUntil),
    ]) {
      knots.push(time, time - fadingMs)
    }
    quadrature(from, quietUntil, knots, (fadesAt, logWidthDays) => {
      const leavesAt = fadesAt + fadingMs
      const silent = leavesAt <= at ? Math.log(1 - goodbyeChance) : 0
      total.add(
        weight +
          density(fadesAt) +
          likelihood(fadesAt, leavesAt) +
          idleCancels(cancels.length, fadesAt) +
          silent +
          logWidthDays,
      )
    })
    // The last cancel request may have been the goodbye itself: an atom, its rate a day standing for the density's width.
    if (lastCancel === undefined || lastCancel < lastAliveAt || lastCancel - fadingMs < boughtFirstAt) continue
    const fadesAt = lastCancel - fadingMs
    total.add(
      weight +
        density(fadesAt) +
        Math.log(goodbyeChance) +
        likelihood(fadesAt, lastCancel) +
        idleCancels(cancels.length - 1, fadesAt),
    )
  }
  return total.value()
}

function monthsOf(season: Season, from: number, until: number): number[] {
  const months: number[] = []
  for (let month = season.nextChange(from); month < until; month = season.nextChange(month)) months.push(month)
  return months
}
