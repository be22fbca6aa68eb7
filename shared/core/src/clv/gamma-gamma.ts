import { minimiseSmooth } from './minimise.ts'
import { logGamma } from './special.ts'

/**
 * The gamma-gamma model of spend per purchase (P. Fader, B. Hardie, "The Gamma-Gamma Model of Monetary Value", 2013): amounts
 * of a customer vary as Gamma(p, ν), and ν over customers as Gamma(q, gamma). Amounts are in whole units of the currency.
 */
export interface GammaGamma {
  readonly p: number
  readonly q: number
  readonly gamma: number
}

export interface SpendHistory {
  /** Purchases that the mean is of, at least 1. */
  readonly purchases: number
  /** Above 0. */
  readonly meanAmount: number
}

export interface GammaGammaFit extends GammaGamma {
  readonly logLikelihood: number
  readonly customers: number
  /** Both as with `BgNbdFit`. */
  readonly converged: boolean
  readonly atEdge: boolean
}

const EDGE = 14

/** By maximum likelihood. Needs at least one history. */
export function fitGammaGamma(histories: readonly SpendHistory[]): GammaGammaFit {
  const mean = histories.reduce((sum, { meanAmount }) => sum + meanAmount, 0) / histories.length
  const scale = Math.log(mean)
  const found = minimiseSmooth(
    (logs) =>
      logs.some((log) => Math.abs(log) > EDGE)
        ? Number.POSITIVE_INFINITY
        : -gammaGammaLogLikelihood(fromLogs(logs), histories),
    [
      [1, 1, scale],
      [0, 0.7, scale],
      [2, 1.5, scale - 1],
    ],
  )
  return {
    ...fromLogs(found.point),
    logLikelihood: -found.value,
    customers: histories.length,
    converged: found.converged,
    atEdge: found.point.some((log) => Math.abs(log) > EDGE - 2),
  }
}

/** Sum over customers of ln f(mean amount | p, q, gamma; purchases) (eq. 1a of the note). */
export function gammaGammaLogLikelihood({ p, q, gamma }: GammaGamma, histories: readonly SpendHistory[]): number {
  const byCount = new Map<number, number>()
  const start = q * Math.log(gamma) - logGamma(q)
  let total = 0
  for (const { purchases: n, meanAmount } of histories) {
    let constant = byCount.get(n)
    if (constant === undefined) {
      constant = start + logGamma(p * n + q) - logGamma(p * n)
      byCount.set(n, constant)
    }
    const spent = n * meanAmount
    total += constant + p * n * Math.log(spent) - Math.log(meanAmount) - (p * n + q) * Math.log(gamma + spent)
  }
  return total
}

/**
 * The customer's true mean amount as far as it is known (eq. 5): the own mean, drawn towards everybody's by as much as few
 * purchases prove little. Without `history`, everybody's. Where q ≤ 1 everybody's mean is infinite; then the own mean
 * stands, or `gamma` without one.
 */
export function expectedAmount({ p, q, gamma }: GammaGamma, history?: SpendHistory): number {
  if (history === undefined) return q > 1 ? (p * gamma) / (q - 1) : gamma
  const { purchases: n, meanAmount } = history
  const below = p * n + q - 1
  return below > 0 ? (p * (gamma + n * meanAmount)) / below : meanAmount
}

function fromLogs(logs: readonly number[]): GammaGamma {
  return { p: Math.exp(logs[0]!), q: Math.exp(logs[1]!), gamma: Math.exp(logs[2]!) }
}
