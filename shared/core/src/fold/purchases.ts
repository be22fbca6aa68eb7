import type { PurchaseCompleted, PurchaseReversed } from '../event.ts'
import {
  type Own,
  PURCHASE_HALF_LIVES,
  type PurchaseState,
  RECENT_PURCHASES,
  type ReversalState,
  SUPPORT_HALF_LIVES,
} from '../state/customer-state.ts'
import { monthIndex, NEVER } from '../time.ts'
import { addDecayed, advance } from './decay.ts'

export function foldPurchase(p: Own<PurchaseState>, { time, amountMinor }: PurchaseCompleted): Own<PurchaseState> {
  const lastAt = p.recent[0] ?? NEVER
  addMonth(p, lastAt, time)
  const moved = advance(PURCHASE_HALF_LIVES, lastAt, time)
  addDecayed(p.decayedCount, moved, 1)
  addDecayed(p.decayedSpend, moved, amountMinor)
  insertRecent(p.recent, time)
  if (p.count === 0 || time < p.firstAt) {
    p.secondAt = p.firstAt
    p.firstAt = time
    p.firstMinor = amountMinor
  } else {
    if (time === p.firstAt) p.firstMinor = Math.max(p.firstMinor, amountMinor)
    p.secondAt = p.secondAt === NEVER ? time : Math.min(p.secondAt, time)
  }
  if (time > lastAt) p.lastMinor = amountMinor
  else if (time === lastAt) p.lastMinor = Math.max(p.lastMinor, amountMinor)
  p.largestMinor = Math.max(p.largestMinor, amountMinor)
  p.spendMinor += amountMinor
  p.count++
  return p
}

export function foldReversal(r: Own<ReversalState>, { type, time, amountMinor }: PurchaseReversed): Own<ReversalState> {
  addDecayed(r.decayedCount, advance(SUPPORT_HALF_LIVES, r.lastAt, time), 1)
  if (type === 'purchase.refunded') r.refunds++
  else r.cancellations++
  r.amountMinor += amountMinor
  r.lastAt = Math.max(r.lastAt, time)
  return r
}

/** Newest first, at most RECENT_PURCHASES: the k newest of any multiset are the same in every order of arrival. */
function insertRecent(recent: number[], time: number): void {
  let place = recent.length
  while (place > 0 && recent[place - 1]! < time) place--
  if (place === RECENT_PURCHASES) return
  if (recent.length < RECENT_PURCHASES) recent.push(time)
  for (let i = recent.length - 1; i > place; i--) recent[i] = recent[i - 1]!
  recent[place] = time
}

/** Marks the month of `time` in the 64-month bitmap, anchored at the newer of `lastAt` and `time`. */
function addMonth(p: Own<PurchaseState>, lastAt: number, time: number): void {
  const ahead = p.count === 0 ? 0 : monthIndex(time) - monthIndex(lastAt)
  if (ahead > 0) shiftMonths(p, ahead)
  const bit = Math.max(0, -ahead)
  if (bit < 32) p.monthsLow = (p.monthsLow | (1 << bit)) >>> 0
  else if (bit < 64) p.monthsHigh = (p.monthsHigh | (1 << (bit - 32))) >>> 0
}

function shiftMonths(p: Own<PurchaseState>, by: number): void {
  const { monthsLow: low, monthsHigh: high } = p
  p.monthsLow = by >= 32 ? 0 : (low << by) >>> 0
  if (by < 32) p.monthsHigh = ((high << by) | (low >>> (32 - by))) >>> 0
  else p.monthsHigh = by < 64 ? (low << (by - 32)) >>> 0 : 0
}
