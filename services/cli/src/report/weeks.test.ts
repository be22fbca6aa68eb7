import { expect, test } from 'vitest'
import { weeksOf } from './weeks.ts'

const DAY_MS = 86_400_000
/** A Monday. */
const MONDAY = Date.UTC(2010, 0, 4)
const at = (days: number) => MONDAY + days * DAY_MS

const happened = {
  changes: [
    { customer: 'a', at: at(0), band: 'healthy' },
    { customer: 'a', at: at(8), band: 'at_risk' },
    { customer: 'a', at: at(15), band: 'healthy' },
    { customer: 'b', at: at(1), band: 'at_risk' },
    { customer: 'b', at: at(22), band: 'lapsed' },
    { customer: 'c', at: at(2), band: 'prospect' },
  ],
  actions: [
    { customer: 'a', at: at(8), type: 'action.decided', action: 'proactive-outreach' },
    { customer: 'a', at: at(9), type: 'action.delivered', action: 'proactive-outreach' },
    { customer: 'b', at: at(22), type: 'action.suppressed', action: 'reactivation', reason: 'no_consent' },
  ],
  purchases: [
    { customer: 'a', at: at(0) },
    { customer: 'a', at: at(15) },
    { customer: 'a', at: at(16) },
    { customer: 'b', at: at(23) },
  ],
} as const

test('weeks begin on Mondays and tell how many were where when they ended', () => {
  const { weeks } = weeksOf(happened)
  expect(weeks.map(({ from }) => from)).toEqual(['2010-01-04', '2010-01-11', '2010-01-18', '2010-01-25'])
  const bands = weeks.map((week) => [week.bands.prospect, week.bands.healthy, week.bands.at_risk, week.bands.lapsed])
  expect(bands).toEqual([
    [1, 1, 1, 0],
    [1, 0, 2, 0],
    [1, 1, 1, 0],
    [1, 1, 0, 1],
  ])
  expect(weeks.map(({ purchases }) => purchases)).toEqual([1, 0, 2, 1])
  expect(weeks[1]?.jobs).toEqual({ 'proactive-outreach': 1, reactivation: 0 })
})

test('who buys while at risk or lapsed came back, once a stay, and is told apart by whether somebody had been in touch', () => {
  const { weeks, totals } = weeksOf(happened)
  expect(weeks.map(({ cameBack }) => [cameBack.at_risk, cameBack.lapsed])).toEqual([
    [0, 0],
    [0, 0],
    [1, 0],
    [0, 1],
  ])
  expect(totals).toMatchObject({
    customers: 3,
    purchases: 4,
    delivered: { 'proactive-outreach': 1, reactivation: 0 },
    withheld: { no_consent: 1 },
    stays: {
      at_risk: { began: 2, endedWithPurchase: 1, contacted: 1, contactedAndEndedWithPurchase: 1 },
      lapsed: { began: 1, endedWithPurchase: 1, contacted: 0, contactedAndEndedWithPurchase: 0 },
    },
  })
})

test('the order in which it is told does not matter; nothing is no weeks', () => {
  const backwards = {
    changes: [...happened.changes].reverse(),
    actions: [...happened.actions].reverse(),
    purchases: [...happened.purchases].reverse(),
  }
  expect(weeksOf(backwards)).toEqual(weeksOf(happened))
  expect(weeksOf({ changes: [], actions: [], purchases: [] }).weeks).toEqual([])
})
