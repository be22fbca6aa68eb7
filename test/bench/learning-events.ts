import { join } from 'node:path'
import { createDecoder } from '@holdfast/contracts'
import type { CustomerEvent } from '@holdfast/core'
import { generateShop } from '@holdfast/simulation'
import { DEFAULT_SHOP, DEFAULT_SHOP_MONEY, openSource } from '@holdfast/trainer'
import { LOGS, type LogName } from './learning-logs.ts'

/** The real logs, and a generated shop beside them. */
export type LearningLog = LogName | 'shop'

const SHOP = { ...DEFAULT_SHOP, customers: 4_000 }

/** All events of a log, as the fold takes them. */
export async function eventsOf(log: LearningLog, folder: string): Promise<CustomerEvent[]> {
  if (log === 'shop') return shopEvents()
  const decode = createDecoder({ base: LOGS[log].money.BASE_CURRENCY, rates: {} })
  const files = [join(folder, `${log}.ndjson`)]
  const events: CustomerEvent[] = []
  for await (const event of openSource({ kind: 'files', files, decode, now: Date.now() })) events.push(event)
  return events
}

function shopEvents(): CustomerEvent[] {
  const decode = createDecoder(DEFAULT_SHOP_MONEY)
  const utf8 = new TextEncoder()
  return [...generateShop(SHOP).events].flatMap(({ role, timeMs, event }) => {
    const decoded = decode(role, utf8.encode(JSON.stringify(event)), timeMs)
    return decoded.kind === 'event' ? [decoded.event] : []
  })
}
