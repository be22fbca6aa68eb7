import type { RiskModel } from '@holdfast/core'
import { type Debtor, type Draft, debtors, rubbish, shopHistory } from './population.ts'

/** Pieces of rubbish in each helping. */
const RUBBISH = 20

/** What a scenario is fed, one helping after the other: a shop's history, customers who must be contacted, and some rubbish. */
export class Supply {
  /** All debtors, those still to be sent included. */
  readonly owing: readonly Debtor[]
  private readonly history: Iterator<Draft>
  private nextDebtor = 0
  private nextRubbish = 0

  /** @param at the instant at which the debtors must be contacted, ms */
  constructor(at: number, model: RiskModel, { customers, owing }: { customers: number; owing: number }) {
    this.history = shopHistory(at, customers)
    this.owing = debtors(at, model, owing)
  }

  /** The next of the history, with so many debtors strewn in and some rubbish. */
  next(records: number, withDebtors: number): Draft[] {
    const drafts: Draft[] = []
    for (let i = 0; i < records; i++) {
      const item = this.history.next()
      if (item.done) break
      drafts.push(item.value)
    }
    const chosen = this.owing.slice(this.nextDebtor, this.nextDebtor + withDebtors)
    this.nextDebtor += chosen.length
    const strewn = [
      ...chosen.flatMap((debtor) => debtor.drafts),
      ...Array.from({ length: RUBBISH }, () => rubbish(this.nextRubbish++)),
    ]
    const every = Math.max(1, Math.floor(drafts.length / strewn.length))
    strewn.forEach((draft, i) => {
      drafts.splice(Math.min(drafts.length, i * (every + 1)), 0, draft)
    })
    return drafts
  }
}
