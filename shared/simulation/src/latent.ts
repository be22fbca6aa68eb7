import type { Exposure } from './observation.ts'
import type { Phase, Population } from './population.ts'
import { LogSum, quadrature } from './quadrature.ts'
import { DAY_MS, type Season } from './season.ts'

/** What only the simulation knows of a customer at an instant. Rates a day. */
export interface LatentState {
  readonly at: number
  readonly phase: Phase
  /** When a fading customer will leave, ms. */
  readonly leavesAt: number | undefined
  readonly purchaseRate: number
  readonly dropoutRate: number
  /** Integral of exp(strain), days; strains that run at `at` end when they end. */
  readonly hazard: Exposure
}

/**
 * Probability of no purchase in (at, at + horizonMs] for somebody who can see the rates and the phase, though not the
 * future. While active, with hazard μh(u) and season s, the sum over all times of fading:
 *
 *     e^(-μΔH - λΔS) + Σ_D p_D ∫ μh(u) e^(-μ(H(u) - H(T))) e^(-λ·exposure(u, D)) du
 */
export function latentNoPurchase(
  state: LatentState,
  horizonMs: number,
  population: Population,
  season: Season,
): number {
  const { at, phase, purchaseRate, dropoutRate, hazard } = state
  const end = at + horizonMs
  const { fading } = population.purchaseFactor
  const start = season.days(at)
  if (phase === 'gone') return 1
  if (phase === 'fading') {
    const buysUntil = Math.min(end, state.leavesAt ?? end)
    return Math.exp(-purchaseRate * fading * (season.days(buysUntil) - start))
  }
  const total = new LogSum()
  const used = hazard.value(at)
  total.add(-dropoutRate * (hazard.value(end) - used) - purchaseRate * (season.days(end) - start))
  for (const { days, share } of population.fading) {
    const fadingMs = days * DAY_MS
    const knots = [...hazard.knots, end - fadingMs]
    for (let month = season.nextChange(at); month < end; month = season.nextChange(month)) {
      knots.push(month, month - fadingMs)
    }
    quadrature(at, end, knots, (fadesAt, logWidthDays) => {
      const faded = season.days(fadesAt)
      const exposure = faded - start + fading * (season.days(Math.min(end, fadesAt + fadingMs)) - faded)
      total.add(
        Math.log(share * dropoutRate * hazard.slope(fadesAt)) -
          dropoutRate * (hazard.value(fadesAt) - used) -
          purchaseRate * exposure +
          logWidthDays,
      )
    })
  }
  return Math.min(1, Math.exp(total.value()))
}
