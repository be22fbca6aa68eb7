import type { Facts } from '../features/facts.ts'
import { FEATURE_GROUPS, type FeatureGroup } from '../features/row.ts'
import type { Vector } from '../features/table.ts'
import { type Contribution, groupLogits, type RiskModel } from './model.ts'

/** Why the risk is what it is: one group's share of the logit, in a sentence that a support agent can read out. */
export interface Reason extends Contribution {
  readonly sentence: string
}

/** What raises the odds by less than a twentieth is no reason that anybody should be told, unless there is no better one. */
const LEAST_LOGIT = 0.05

/** The groups that raise the risk above the average customer's, strongest first, at most `most`. */
export function reasons(model: RiskModel, vector: Vector, seen: Facts, most = 4): readonly Reason[] {
  const logits = groupLogits(model, vector)
  const told: Reason[] = []
  while (told.length < most) {
    const strongest = indexOfLargest(logits)
    const logit = logits[strongest]!
    if (logit <= (told.length === 0 ? 0 : LEAST_LOGIT)) break
    const group = FEATURE_GROUPS[strongest]!
    told.push({ group, logit, sentence: SENTENCES[group](seen) })
    logits[strongest] = Number.NEGATIVE_INFINITY
  }
  return told
}

function indexOfLargest(numbers: readonly number[]): number {
  let largest = 0
  for (let i = 1; i < numbers.length; i++) if (numbers[i]! > numbers[largest]!) largest = i
  return largest
}

const days = (n: number): string => plural(Math.round(n), 'day')

function plural(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`
}

function money(minor: number): string {
  return (minor / 100).toFixed(2)
}

const SENTENCES: Readonly<Record<FeatureGroup, (seen: Facts) => string>> = {
  recency: ({ recencyDays, still: { rhythm } }) =>
    rhythm.known
      ? `last order ${days(recencyDays)} ago; usually orders every ${days(Math.max(1, rhythm.meanGapDays))}`
      : `only one order so far, ${days(recencyDays)} ago`,
  rhythm: ({ still: { rhythm }, recencyDays }) => {
    if (!rhythm.known) return 'no second order yet that would show a rhythm'
    const pauses = recencyDays / Math.max(1, rhythm.meanGapDays)
    const last = `the last gap was ${days(rhythm.lastGapDays)}`
    return pauses >= 1
      ? `the pause of ${days(recencyDays)} is ${pauses.toFixed(1)} times the usual one; ${last}`
      : `usually ${days(rhythm.meanGapDays)} between two orders; ${last}`
  },
  frequency: ({ still: { purchaseCount }, decayedCount }) =>
    `${plural(purchaseCount, 'order')} in all, worth ${decayedCount[2]!.toFixed(1)} of late (half counted after 60 days)`,
  tenure: ({ tenureDays }) => `customer for ${days(tenureDays)}`,
  spend: ({ still: { netSpendMinor }, decayedSpend }) =>
    `spent ${money(netSpendMinor)} in all, ${money(decayedSpend[1]!)} of late`,
  season: () => 'does not usually buy at this time of the year',
  returns: ({ state: { reversals } }) =>
    reversals === undefined
      ? 'no refunds or cancellations'
      : `${plural(reversals.refunds + reversals.cancellations, 'refund or cancellation', 'refunds or cancellations')} of ${money(reversals.amountMinor)}`,
  support: ({ state: { support }, still: { openTickets } }) =>
    support === undefined
      ? 'never asked for help'
      : `${plural(support.opened, 'ticket')}, ${openTickets} open, ${plural(support.complaints, 'complaint')}, ${plural(support.escalated, 'escalation')}`,
  voice: ({ state: { surveys }, still: { surveysRequested, surveysAnswered } }) => {
    const said = [
      surveys.csat?.responded ? `satisfaction ${surveys.csat.score} of 5` : '',
      surveys.nps?.responded ? `would recommend us ${surveys.nps.score} of 10` : '',
      surveys.ces?.responded ? `ease ${surveys.ces.score} of 7` : '',
    ].filter((part) => part !== '')
    if (said.length > 0) return `said in surveys: ${said.join(', ')}`
    return surveysRequested + surveysAnswered === 0
      ? 'was never asked in a survey'
      : `answered ${surveysAnswered} of ${plural(surveysRequested, 'survey')}`
  },
  engagement: ({ state: { engagement }, visitRecencyDays }) =>
    engagement === undefined
      ? 'no visits known'
      : engagement.lastVisitAt < 0
        ? 'reads e-mails but has not visited'
        : `last visit ${days(visitRecencyDays)} ago`,
  contract: ({ state: { contract } }) => {
    const asked =
      contract === undefined
        ? []
        : (['cancel', 'pause', 'downgrade'] as const).filter((kind) => contract.counts[kind] > 0)
    return asked.length > 0 ? `asked to ${asked.join(', to ')}` : 'no requests about the contract'
  },
}
