import type { PurchaseCompleted, PurchaseReversed } from '../event.ts'
import {
  PURCHASE_HALF_LIVES,
  type PurchaseState,
  RECENT_PURCHASES,
  type ReversalState,
  SUPPORT_HALF_LIVES,
} from '../state/customer-state.ts'
import { PURCHASES, REVERSALS } from '../state/groups/index.ts'
import { monthIndex, NEVER } from '../time.ts'
import { addDecayed, advance } from './decay.ts'

const BLANK = PURCHASES.blank()
const BLANK_REVERSALS = REVERSALS.blank()

export function foldPurchase(before: PurchaseState | undefined, event: PurchaseCompleted): PurchaseState {
  const p = before ?? BLANK
  const { time, amountMinor } = event
  const lastAt = p.recent[0] ?? NEVER
  const isFirst = p.count === 0 || time < p.firstAt
  const months = addMonth(p, lastAt, time)
  const moved = advance(PURCHASE_HALF_LIVES, lastAt, time)
  return {
    count: p.count + 1,
    spendMinor: p.spendMinor + amountMinor,
    firstAt: isFirst ? time : p.firstAt,
    secondAt: secondEarliest(p, time),
    recent: insertRecent(p.recent, time),
    firstMinor: isFirst ? amountMinor : time === p.firstAt ? Math.max(p.firstMinor, amountMinor) : p.firstMinor,
    lastMinor: time > lastAt ? amountMinor : time === lastAt ? Math.max(p.lastMinor, amountMinor) : p.lastMinor,
    largestMinor: Math.max(p.largestMinor, amountMinor),
    monthsLow: months.low,
    monthsHigh: months.high,
    decayedCount: addDecayed(p.decayedCount, moved, 1),
    decayedSpend: addDecayed(p.decayedSpend, moved, amountMinor),
  }
}

export function foldReversal(before: ReversalState | undefined, event: PurchaseReversed): ReversalState {
  const r = before ?? BLANK_REVERSALS
  const refunded = event.type === 'purchase.refunded'
  return {
    refunds: r.refunds + (refunded ? 1 : 0),
    cancellations: r.cancellations + (refunded ? 0 : 1),
    amountMinor: r.amountMinor + event.amountMinor,
    lastAt: Math.max(r.lastAt, event.time),
    decayedCount: addDecayed(r.decayedCount, advance(SUPPORT_HALF_LIVES, r.lastAt, event.time), 1),
  }
}

function secondEarliest(p: PurchaseState, time: number): number {
  if (p.count === 0) return NEVER
  if (time < p.firstAt) return p.firstAt
  return p.secondAt === NEVER ? time : Math.min(p.secondAt, time)
}

/** Newest first, at most RECENT_PURCHASES: the k newest of any multiset are the same in every order of arrival. */
function insertRecent(recent: readonly number[], time: number): readonly number[] {
  let place = 0
  while (place < recent.length && recent[place]! >= time) place++
  if (place === RECENT_PURCHASES) return recent
  const next = new Array<number>(Math.min(recent.length + 1, RECENT_PURCHASES))
  for (let i = 0; i < next.length; i++) next[i] = i < place ? recent[i]! : i === place ? time : recent[i - 1]!
  return next
}

/** The 64-month bitmap with the month of `time`, anchored at the newer of `lastAt` and `time`. */
function addMonth(p: PurchaseState, lastAt: number, time: number): { low: number; high: number } {
  if (p.count === 0) return { low: 1, high: 0 }
  const ahead = monthIndex(time) - monthIndex(lastAt)
  if (ahead > 0) {
    const shifted = shiftMonths(p.monthsLow, p.monthsHigh, ahead)
    return { low: (shifted.low | 1) >>> 0, high: shifted.high }
  }
  const bit = -ahead
  if (bit < 32) return { low: (p.monthsLow | (1 << bit)) >>> 0, high: p.monthsHigh }
  if (bit < 64) return { low: p.monthsLow, high: (p.monthsHigh | (1 << (bit - 32))) >>> 0 }
  return { low: p.monthsLow, high: p.monthsHigh }
}

function shiftMonths(low: number, high: number, by: number): { low: number; high: number } {
  if (by >= 64) return { low: 0, high: 0 }
  if (by >= 32) return { low: 0, high: by === 32 ? low : (low << (by - 32)) >>> 0 }
  return { low: (low << by) >>> 0, high: ((high << by) | (low >>> (32 - by))) >>> 0 }
}
