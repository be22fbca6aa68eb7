import { PURCHASE_HALF_LIVES } from '../state/customer-state.ts'
import type { Facts } from './facts.ts'
import { type FeatureRow, log1p, logOf, logOfSum } from './row.ts'

const MINOR_UNITS = 100

/** log1p of an amount in whole units of the base currency. */
function logMoney(amountMinor: number): number {
  return logOf(amountMinor, MINOR_UNITS)
}

const decayedSpend = (f: Facts): readonly number[] => f.decayedSpend
const decayedReversals = (f: Facts): readonly number[] => f.decayedReversals

const still = (name: string, formula: string, why: string, amountMinor: (f: Facts) => number): FeatureRow => ({
  name,
  group: 'spend',
  unit: 'log money',
  silence: 'constant',
  formula,
  why,
  of: (f) => logMoney(amountMinor(f)),
})

/** Rows of what the customer spent and sent back. */
export const MONEY: readonly FeatureRow[] = [
  still(
    'logSpend',
    'log1p(gross spend - refunded - cancelled)',
    'who spent much has a reason to stay',
    (f) => f.still.netSpendMinor,
  ),
  ...PURCHASE_HALF_LIVES.map(
    (days, i): FeatureRow => ({
      name: `logSpend${days}`,
      group: 'spend',
      unit: 'log money',
      silence: 'falls',
      formula: `log1p(spend decayed with half-life ${days} d)`,
      why: 'the trend of spend: the short half-lives against the long ones',
      ...logOfSum(decayedSpend, i, MINOR_UNITS),
    }),
  ),
  still('logMeanAmount', 'log1p(gross spend / purchases)', 'size of a usual order', (f) =>
    f.still.purchaseCount === 0 ? 0 : f.still.spendMinor / f.still.purchaseCount,
  ),
  still('logFirstAmount', 'log1p(first amount)', 'how it began', (f) => f.state.purchases?.firstMinor ?? 0),
  still('logLastAmount', 'log1p(last amount)', 'a shrinking order is a sign', (f) => f.state.purchases?.lastMinor ?? 0),
  still(
    'logLargestAmount',
    'log1p(largest amount)',
    'what the customer could spend',
    (f) => f.state.purchases?.largestMinor ?? 0,
  ),
  {
    name: 'logReversals',
    group: 'returns',
    unit: 'log',
    silence: 'constant',
    zeroWithout: 'reversals',
    formula: 'log1p(refunds + cancellations)',
    why: 'disappointment, or a busy customer',
    of: ({ state: { reversals } }) =>
      reversals === undefined ? 0 : log1p(reversals.refunds + reversals.cancellations),
  },
  {
    name: 'logReversals90',
    group: 'returns',
    unit: 'log',
    silence: 'falls',
    zeroWithout: 'reversals',
    formula: 'log1p(refunds and cancellations decayed with half-life 90 d)',
    why: 'a fresh disappointment',
    ...logOfSum(decayedReversals, 1),
  },
  {
    name: 'reversedShare',
    group: 'returns',
    unit: 'share',
    silence: 'constant',
    zeroWithout: 'reversals',
    formula: 'min(1, refunded and cancelled / gross spend)',
    why: 'how much of it went wrong',
    of: (f) => (f.still.spendMinor === 0 ? 0 : Math.min(1, (f.state.reversals?.amountMinor ?? 0) / f.still.spendMinor)),
  },
]
