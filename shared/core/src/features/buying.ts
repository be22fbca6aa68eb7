import { PURCHASE_HALF_LIVES } from '../state/customer-state.ts'
import { type Facts, knownForAYear, monthsActive, monthsActiveYearAgo } from './facts.ts'
import { type FeatureRow, flag, hinge, log1p, logOfSum } from './row.ts'

/** A mean gap of hours would make the ratio explode, a long-gone customer too. */
const LONGEST_RATIO = 12
const SHORTEST_GAP_DAYS = 1

/** Recency in units of the customer's own mean gap, at most LONGEST_RATIO; 0 for a one-time buyer. */
function recencyOverGap({ still: { rhythm }, recencyDays }: Facts): number {
  return rhythm.known ? Math.min(LONGEST_RATIO, recencyDays / Math.max(SHORTEST_GAP_DAYS, rhythm.meanGapDays)) : 0
}

const logRecency = (f: Facts): number => f.logRecency
const logCount = (f: Facts): number => f.still.logCount
const decayedCount = (f: Facts): readonly number[] => f.decayedCount

const recency: FeatureRow[] = [
  {
    name: 'recencyDays',
    group: 'recency',
    unit: 'd',
    silence: 'rises',
    formula: 'at - last purchase',
    why: 'the longer the silence, the likelier it is final',
    of: (f) => f.recencyDays,
  },
  {
    name: 'logRecency',
    group: 'recency',
    unit: 'log d',
    silence: 'rises',
    formula: 'log1p(recencyDays)',
    why: 'the first silent weeks say more than the later ones',
    ...hinge(logRecency, 0),
  },
  ...[7, 14, 30, 60, 120, 240].map(
    (knee): FeatureRow => ({
      name: `logRecencyBeyond${knee}`,
      group: 'recency',
      unit: 'log d',
      silence: 'rises',
      formula: `max(0, log1p(recencyDays) - log1p(${knee}))`,
      why: `risk may bend after ${knee} days`,
      ...hinge(logRecency, Math.log1p(knee)),
    }),
  ),
  {
    name: 'logRecencyTimesLogCount',
    group: 'recency',
    unit: '',
    silence: 'rises',
    formula: 'log1p(recencyDays) · log1p(purchases)',
    why: 'silence is more alarming in somebody who bought often',
    ...hinge(logRecency, 0, ({ logCount }) => logCount),
  },
  {
    name: 'logRecencyTimesOneTime',
    group: 'recency',
    unit: '',
    silence: 'rises',
    formula: 'log1p(recencyDays) where purchases = 1, else 0',
    why: 'one-time buyers fall silent in another way',
    ...hinge(logRecency, 0, ({ purchaseCount }) => flag(purchaseCount === 1)),
  },
  {
    name: 'logRecencyTimesLogTenure',
    group: 'recency',
    unit: '',
    silence: 'rises',
    formula: 'log1p(recencyDays) · log1p(tenureDays)',
    why: 'old customers have earned longer pauses',
    of: (f) => f.logRecency * f.logTenure,
  },
]

const rhythm: FeatureRow[] = [
  {
    name: 'hasRhythm',
    group: 'rhythm',
    unit: '0/1',
    silence: 'constant',
    formula: 'purchases >= 2',
    why: 'without two purchases the gaps are defaults',
    of: (f) => flag(f.still.rhythm.known),
  },
  {
    name: 'logMeanGap',
    group: 'rhythm',
    unit: 'log d',
    silence: 'constant',
    formula: 'log1p((last - first) / (purchases - 1)), 90 d for one-time buyers',
    why: "the customer's own pace",
    of: (f) => log1p(f.still.rhythm.meanGapDays),
  },
  {
    name: 'logGapSpread',
    group: 'rhythm',
    unit: 'log d',
    silence: 'constant',
    formula: 'log1p(standard deviation of gaps over the newest eight purchases)',
    why: 'an irregular buyer may be silent without meaning it',
    of: (f) => log1p(f.still.rhythm.gapSpreadDays),
  },
  {
    name: 'logLargestGap',
    group: 'rhythm',
    unit: 'log d',
    silence: 'constant',
    formula: 'log1p(largest gap over the newest eight purchases)',
    why: 'who came back from a long pause may do so again',
    of: (f) => log1p(f.still.rhythm.largestGapDays),
  },
  {
    name: 'logLastGap',
    group: 'rhythm',
    unit: 'log d',
    silence: 'constant',
    formula: 'log1p(gap before the last purchase)',
    why: 'a lengthening gap is the first sign of leaving',
    of: (f) => log1p(f.still.rhythm.lastGapDays),
  },
  {
    name: 'recencyOverGap',
    group: 'rhythm',
    unit: 'gaps',
    silence: 'rises',
    formula: `min(${LONGEST_RATIO}, recencyDays / max(${SHORTEST_GAP_DAYS}, mean gap)), 0 for one-time buyers`,
    why: 'overdue by the own pace',
    ...hinge(recencyOverGap, 0),
  },
  ...[0.5, 1, 1.5, 2].map(
    (knee): FeatureRow => ({
      name: `recencyOverGapBeyond${String(knee).replace('.', '_')}`,
      group: 'rhythm',
      unit: 'gaps',
      silence: 'rises',
      formula: `max(0, recencyOverGap - ${knee})`,
      why: `risk may bend after ${knee} of the customer's own gaps`,
      ...hinge(recencyOverGap, knee),
    }),
  ),
]

const frequency: FeatureRow[] = [
  {
    name: 'logCount',
    group: 'frequency',
    unit: 'log',
    silence: 'constant',
    formula: 'log1p(purchases)',
    why: 'habit',
    of: logCount,
  },
  ...[1, 2, 4, 8].map(
    (knee): FeatureRow => ({
      name: `logCountBeyond${knee}`,
      group: 'frequency',
      unit: 'log',
      silence: 'constant',
      formula: `max(0, log1p(purchases) - log1p(${knee}))`,
      why: `habit may bend after ${knee} purchases`,
      ...hinge(logCount, Math.log1p(knee)),
    }),
  ),
  ...PURCHASE_HALF_LIVES.map(
    (days, i): FeatureRow => ({
      name: `logCount${days}`,
      group: 'frequency',
      unit: 'log',
      silence: 'falls',
      formula: `log1p(purchases decayed with half-life ${days} d)`,
      why: 'recent pace against the older one',
      ...logOfSum(decayedCount, i),
    }),
  ),
  {
    name: 'monthlyRate',
    group: 'frequency',
    unit: '1/30 d',
    silence: 'falls',
    formula: '30 · (purchases - 1) / (tenureDays + 30)',
    why: 'pace over the whole life, shrunk for the young',
    of: (f) => (30 * Math.max(0, f.still.purchaseCount - 1)) / (f.tenureDays + 30),
  },
]

const tenure: FeatureRow[] = [
  {
    name: 'tenureYears',
    group: 'tenure',
    unit: 'a',
    silence: 'rises',
    formula: 'tenureDays / 365',
    why: 'long-standing customers leave less',
    of: (f) => f.tenureDays / 365,
  },
  {
    name: 'logTenure',
    group: 'tenure',
    unit: 'log d',
    silence: 'rises',
    formula: 'log1p(at - first purchase)',
    why: 'the first months are the most dangerous',
    of: (f) => f.logTenure,
  },
  {
    name: 'logDaysToSecond',
    group: 'tenure',
    unit: 'log d',
    silence: 'constant',
    formula: 'log1p(second purchase - first), 0 before it',
    why: 'a quick second purchase is a good start',
    of: (f) => log1p(f.still.daysToSecond),
  },
]

const season: FeatureRow[] = [
  ...[3, 6, 12].map(
    (months): FeatureRow => ({
      name: `monthsActive${months}`,
      group: 'season',
      unit: 'months',
      silence: 'steps',
      formula: `months with a purchase among the last ${months}`,
      why: 'regularity that a count of orders hides',
      of: (f) => monthsActive(f, months),
    }),
  ),
  {
    name: 'hasYear',
    group: 'season',
    unit: '0/1',
    silence: 'steps',
    formula: 'first purchase 12 calendar months ago or more',
    why: 'before that, season cannot be seen',
    of: (f) => flag(knownForAYear(f)),
  },
  ...[1, 3, 6].map(
    (months): FeatureRow => ({
      name: `yearAgoNext${months}`,
      group: 'season',
      unit: 'months',
      silence: 'steps',
      formula: `months with a purchase a year before the coming ${months}`,
      why: 'who bought at this time of the year will again',
      of: (f) => monthsActiveYearAgo(f, months),
    }),
  ),
]

export const BUYING: readonly FeatureRow[] = [...recency, ...rhythm, ...frequency, ...tenure, ...season]
