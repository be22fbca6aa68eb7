import type { CustomerEvent, SurveyKind } from '../event.ts'
import { calendarMonth, decayedSums, eventsOf, withoutDuplicates } from './naive-state.ts'

/*
 * Every row of the feature table once more, straight from the list of events, by its formula as documented. No state, no
 * accumulators: a decayed count is a sum over the events themselves, active months are a set of calendar months.
 */

const DAY = 24 * 60 * 60 * 1_000

type Timed = { readonly time: number }

const logOf = (x: number): number => Math.log(1 + x)
const beyond = (x: number, knee: number): number => (x > knee ? Math.log((1 + x) / (1 + knee)) : 0)
const total = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0)
const byTime = (a: Timed, b: Timed): number => a.time - b.time

/** The features of a customer at `at` (no earlier than its newest event), by name. */
export function naiveFeatures(log: readonly CustomerEvent[], at: number): Record<string, number> {
  const unique = withoutDuplicates(log)
  const events = unique.some((e) => e.type === 'customer.erased') ? [] : unique
  return { ...buying(events, at), ...money(events, at), ...relation(events, at) }
}

function buying(events: readonly CustomerEvent[], at: number): Record<string, number> {
  const bought = eventsOf(events, 'purchase.completed').sort(byTime)
  const times = bought.map((e) => e.time)
  const n = times.length
  const first = times[0]
  const last = times.at(-1)
  const recency = last === undefined ? 0 : (at - last) / DAY
  const tenure = first === undefined ? 0 : (at - first) / DAY
  const second = times[1]
  const newestEight = times.slice(-8)
  const gaps = newestEight.slice(1).map((time, i) => (time - (newestEight[i] ?? Number.NaN)) / DAY)
  const meanGap = first === undefined || last === undefined || n < 2 ? 90 : (last - first) / DAY / (n - 1)
  const overGap = n < 2 ? 0 : Math.min(12, recency / Math.max(1, meanGap))
  const rows: Record<string, number> = {
    recencyDays: recency,
    logRecency: logOf(recency),
    logRecencyTimesLogCount: logOf(recency) * logOf(n),
    logRecencyTimesOneTime: n === 1 ? logOf(recency) : 0,
    logRecencyTimesLogTenure: logOf(recency) * logOf(tenure),
    hasRhythm: n >= 2 ? 1 : 0,
    logMeanGap: logOf(meanGap),
    logGapSpread: logOf(n < 2 ? 0 : spread(gaps)),
    logLargestGap: logOf(n < 2 ? 90 : Math.max(...gaps)),
    logLastGap: logOf(n < 2 ? 90 : (gaps.at(-1) ?? Number.NaN)),
    recencyOverGap: overGap,
    logCount: logOf(n),
    monthlyRate: n === 0 ? 0 : (30 * (n - 1)) / (tenure + 30),
    tenureYears: tenure / 365,
    logTenure: logOf(tenure),
    logDaysToSecond: first === undefined || second === undefined ? 0 : logOf((second - first) / DAY),
  }
  for (const days of [7, 14, 30, 60, 120, 240]) rows[`logRecencyBeyond${days}`] = beyond(recency, days)
  for (const gap of [0.5, 1, 1.5, 2]) {
    rows[`recencyOverGapBeyond${String(gap).replace('.', '_')}`] = overGap > gap ? overGap - gap : 0
  }
  for (const count of [1, 2, 4, 8]) rows[`logCountBeyond${count}`] = beyond(n, count)
  for (const days of [15, 30, 60, 120, 240]) rows[`logCount${days}`] = logOf(only(decayedSums(bought, [days], at)))
  return { ...rows, ...season(times, at) }
}

/** Calendar months as a set. Months more than 63 before the newest purchase are forgotten, and never asked for here. */
function season(times: readonly number[], at: number): Record<string, number> {
  const active = new Set(times.map(calendarMonth))
  const now = calendarMonth(at)
  const among = (from: number, months: number): number =>
    Array.from({ length: months }, (_, i) => from + i).filter((month) => active.has(month)).length
  const rows: Record<string, number> = {
    hasYear: [...active].some((month) => month <= now - 12) ? 1 : 0,
  }
  for (const months of [3, 6, 12]) rows[`monthsActive${months}`] = among(now - months + 1, months)
  for (const months of [1, 3, 6]) rows[`yearAgoNext${months}`] = among(now - 11, months)
  return rows
}

function money(events: readonly CustomerEvent[], at: number): Record<string, number> {
  const bought = eventsOf(events, 'purchase.completed').sort(byTime)
  const amounts = bought.map((e) => e.amountMinor / 100)
  const reversed = eventsOf(events, 'purchase.refunded', 'purchase.cancelled')
  const back = total(reversed.map((e) => e.amountMinor / 100))
  const gross = total(amounts)
  const largestAt = (time: number | undefined): number =>
    Math.max(0, ...bought.filter((e) => e.time === time).map((e) => e.amountMinor / 100))
  const rows: Record<string, number> = {
    logSpend: logOf(Math.max(0, gross - back)),
    logMeanAmount: logOf(bought.length === 0 ? 0 : gross / bought.length),
    logFirstAmount: logOf(largestAt(bought[0]?.time)),
    logLastAmount: logOf(largestAt(bought.at(-1)?.time)),
    logLargestAmount: logOf(Math.max(0, ...amounts)),
    logReversals: logOf(reversed.length),
    logReversals90: logOf(only(decayedSums(reversed, [90], at))),
    reversedShare: gross === 0 ? 0 : Math.min(1, back / gross),
  }
  for (const days of [15, 30, 60, 120, 240]) {
    rows[`logSpend${days}`] = logOf(only(decayedSums(bought, [days], at, (e) => e.amountMinor / 100)))
  }
  return rows
}

function relation(events: readonly CustomerEvent[], at: number): Record<string, number> {
  const opened = eventsOf(events, 'support.ticket_opened')
  const resolved = eventsOf(events, 'support.ticket_resolved')
  const reopened = eventsOf(events, 'support.ticket_reopened')
  const escalated = eventsOf(events, 'support.ticket_escalated')
  const hours = resolved.flatMap((e) =>
    e.openedAt === undefined ? [] : [Math.max(0, e.time - e.openedAt) / 3_600_000],
  )
  const came = eventsOf(events, 'engagement.visited', 'engagement.logged_in', 'engagement.feature_used')
  const read = eventsOf(events, 'engagement.email_opened', 'engagement.email_clicked')
  const asked = eventsOf(events, 'survey.requested').length
  const answered = eventsOf(events, 'survey.responded').length
  const moods = eventsOf(events, 'social.mentioned').map((e) => Math.round(e.sentiment * 1_000) / 1_000)
  const rows: Record<string, number> = {
    hasSupport: opened.length + resolved.length + reopened.length + escalated.length > 0 ? 1 : 0,
    logOpenTickets: logOf(Math.max(0, opened.length + reopened.length - resolved.length)),
    logEscalations90: logOf(only(decayedSums(escalated, [90], at))),
    logResolutionHours: hours.length === 0 ? 0 : logOf(total(hours) / hours.length),
    surveyResponseRate: asked === 0 ? 0 : Math.min(1, answered / asked),
    meanSentiment: moods.length === 0 ? 0 : total(moods) / moods.length,
    hasEngagement: came.length + read.length > 0 ? 1 : 0,
    logVisitRecency: came.length === 0 ? 0 : logOf((at - Math.max(...came.map((e) => e.time))) / DAY),
  }
  const complaints = opened.filter((e) => e.complaint)
  for (const days of [30, 90]) {
    rows[`logTickets${days}`] = logOf(only(decayedSums(opened, [days], at)))
    rows[`logComplaints${days}`] = logOf(only(decayedSums(complaints, [days], at)))
    rows[`logVisits${days}`] = logOf(only(decayedSums(came, [days], at)))
    rows[`logEmail${days}`] = logOf(only(decayedSums(read, [days], at)))
  }
  for (const kind of ['downgrade', 'pause', 'cancel']) {
    const requests = eventsOf(events, 'contract.change_requested').filter((e) => e.kind === kind)
    rows[`${kind}90`] = logOf(only(decayedSums(requests, [90], at)))
  }
  return { ...rows, ...voice(events, 'csat', 1, 5), ...voice(events, 'nps', 0, 10), ...voice(events, 'ces', 1, 7) }
}

/** The newest answer on a scale from `worst` to `best`, as -1 to 1. */
function voice(
  events: readonly CustomerEvent[],
  kind: SurveyKind,
  worst: number,
  best: number,
): Record<string, number> {
  const answers = eventsOf(events, 'survey.responded')
    .filter((e) => e.kind === kind)
    .sort((a, b) => a.time - b.time || a.idHash - b.idHash)
  const last = answers.at(-1)
  const name = kind.toUpperCase()
  return {
    [`has${name}`]: last === undefined ? 0 : 1,
    [`last${name}`]: last === undefined ? 0 : (2 * (last.score - worst)) / (best - worst) - 1,
  }
}

/** Population standard deviation, in two passes. */
function spread(values: readonly number[]): number {
  const mean = total(values) / values.length
  return Math.sqrt(total(values.map((x) => (x - mean) ** 2)) / values.length)
}

function only(values: readonly number[]): number {
  return values[0] ?? Number.NaN
}
