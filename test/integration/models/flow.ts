import { aPurchase, eventually } from '@holdfast/testing'
import { expect } from 'vitest'
import { customerOn, type Installation } from '../risk-worker/support.ts'

export interface Flow {
  /** Resolves when every event sent until now is in the states, exactly once. */
  nothingIsLost(): Promise<void>
  stop(): Promise<void>
}

/** Sends a purchase of one of twenty customers again and again, and keeps count. */
export function startFlow(installation: Installation): Flow {
  const customers = Array.from({ length: 20 }, () => customerOn(installation))
  const sent = new Map<string, number>()
  let turn = 0
  let going = true
  const running = (async () => {
    while (going) {
      const customerId = customers[turn++ % customers.length]!
      await installation.send(aPurchase({ customerId, time: Date.now() }))
      sent.set(customerId, (sent.get(customerId) ?? 0) + 1)
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  })()
  return {
    async nothingIsLost() {
      const expected = new Map(sent)
      for (const [customerId, count] of expected) {
        await eventually(async () => (await installation.purchasesOf(customerId)) >= count, { timeoutMs: 30_000 })
        if (!going) expect(await installation.purchasesOf(customerId)).toBe(count)
      }
    },
    async stop() {
      going = false
      await running
    },
  }
}
