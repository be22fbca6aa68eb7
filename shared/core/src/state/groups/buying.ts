import { NEVER } from '../../time.ts'
import {
  PURCHASE_HALF_LIVES,
  type PurchaseState,
  RECENT_PURCHASES,
  type ReversalState,
  SUPPORT_HALF_LIVES,
} from '../customer-state.ts'
import { type OwnableGroup, zeros } from './group.ts'

export const PURCHASES: OwnableGroup<PurchaseState> = {
  blank: () => ({
    count: 0,
    spendMinor: 0,
    firstAt: NEVER,
    secondAt: NEVER,
    recent: [],
    firstMinor: 0,
    lastMinor: 0,
    largestMinor: 0,
    monthsLow: 0,
    monthsHigh: 0,
    decayedCount: zeros(PURCHASE_HALF_LIVES),
    decayedSpend: zeros(PURCHASE_HALF_LIVES),
  }),
  copy: (g) => ({
    ...g,
    recent: g.recent.slice(),
    decayedCount: g.decayedCount.slice(),
    decayedSpend: g.decayedSpend.slice(),
  }),
  example: () => ({ ...PURCHASES.blank(), recent: [0, 0] }),
  write(s, g) {
    s.uint('purchases', g.count)
    s.uint('gross spend, minor units', g.spendMinor)
    s.time('first purchase', g.firstAt)
    s.uint('second purchase, ms after the first, plus 1', g.secondAt === NEVER ? 0 : g.secondAt - g.firstAt + 1)
    for (let i = 0; i < g.recent.length; i++) {
      if (i === 0) s.time('newest purchase', g.recent[0]!)
      else s.uint('ms to the purchase before, up to seven times', g.recent[i - 1]! - g.recent[i]!)
    }
    s.uint('first amount, minor units', g.firstMinor)
    s.uint('last amount, minor units', g.lastMinor)
    s.uint('largest amount, minor units', g.largestMinor)
    s.word('months with a purchase, newest 32', g.monthsLow)
    s.word('months with a purchase, 32 before', g.monthsHigh)
    s.decayed('decayed purchases', PURCHASE_HALF_LIVES, g.decayedCount)
    s.decayed('decayed spend', PURCHASE_HALF_LIVES, g.decayedSpend)
  },
  read(r) {
    const count = r.uint()
    const spendMinor = r.uint()
    const firstAt = r.time()
    const second = r.uint()
    // As many times follow as there can be for this count.
    const recent = new Array<number>(Math.min(count, RECENT_PURCHASES))
    for (let i = 0; i < recent.length; i++) recent[i] = i === 0 ? r.time() : recent[i - 1]! - r.uint()
    return {
      count,
      spendMinor,
      firstAt,
      secondAt: second === 0 ? NEVER : firstAt + second - 1,
      recent,
      firstMinor: r.uint(),
      lastMinor: r.uint(),
      largestMinor: r.uint(),
      monthsLow: r.word(),
      monthsHigh: r.word(),
      decayedCount: r.decayed(PURCHASE_HALF_LIVES),
      decayedSpend: r.decayed(PURCHASE_HALF_LIVES),
    }
  },
}

export const REVERSALS: OwnableGroup<ReversalState> = {
  blank: () => ({
    refunds: 0,
    cancellations: 0,
    amountMinor: 0,
    lastAt: NEVER,
    decayedCount: zeros(SUPPORT_HALF_LIVES),
  }),
  copy: (g) => ({ ...g, decayedCount: g.decayedCount.slice() }),
  write(s, g) {
    s.uint('refunds', g.refunds)
    s.uint('cancellations', g.cancellations)
    s.uint('refunded and cancelled, minor units', g.amountMinor)
    s.time('newest', g.lastAt)
    s.decayed('decayed refunds and cancellations', SUPPORT_HALF_LIVES, g.decayedCount)
  },
  read(r) {
    return {
      refunds: r.uint(),
      cancellations: r.uint(),
      amountMinor: r.uint(),
      lastAt: r.time(),
      decayedCount: r.decayed(SUPPORT_HALF_LIVES),
    }
  },
}
