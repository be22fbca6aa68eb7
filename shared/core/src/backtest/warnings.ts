import type { Band } from '../state/customer-state.ts'
import { DAY_MS } from '../time.ts'

/** How long before the last chance customers were seen to be leaving. */
export interface Warnings {
  /** Customers who lapsed, each time anew. */
  readonly lapsed: number
  /** Of these, who had entered at_risk since their last purchase, and whom an outreach job was queued for. */
  readonly warned: number
  readonly contacted: number
  /** Days from the first such entry until the lapse, ascending. */
  readonly days: readonly number[]
}

interface Warned {
  readonly since: number
  readonly purchaseAt: number | undefined
  wasContacted: boolean
}

/** From the first entry into at_risk since a purchase until the lapse that ends its horizon. */
export class WarningTimes {
  private readonly warned = new Map<string, Warned>()
  private readonly days: number[] = []
  private lapsed = 0
  private contactedBefore = 0

  /** @param from lapses until then are none of ours, ms */
  constructor(private readonly from: number) {}

  /** @param enteredAt when the band was entered, @param purchaseAt the newest purchase then, ms */
  entered(customerId: string, band: Band, enteredAt: number, purchaseAt: number | undefined): void {
    const warned = this.warned.get(customerId)
    if (band === 'at_risk' && (warned === undefined || warned.purchaseAt !== purchaseAt)) {
      this.warned.set(customerId, { since: enteredAt, purchaseAt, wasContacted: false })
    }
    if (band !== 'lapsed') return
    this.warned.delete(customerId)
    if (enteredAt <= this.from) return
    this.lapsed++
    if (warned === undefined || warned.purchaseAt !== purchaseAt) return
    this.days.push((enteredAt - warned.since) / DAY_MS)
    if (warned.wasContacted) this.contactedBefore++
  }

  contacted(customerId: string): void {
    const warned = this.warned.get(customerId)
    if (warned !== undefined) warned.wasContacted = true
  }

  forget(customerId: string): void {
    this.warned.delete(customerId)
  }

  result(): Warnings {
    return {
      lapsed: this.lapsed,
      warned: this.days.length,
      contacted: this.contactedBefore,
      days: this.days.toSorted((a, b) => a - b),
    }
  }
}
