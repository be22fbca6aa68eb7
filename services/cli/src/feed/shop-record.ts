import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'

/** Which generated shop flows into which cluster, and how far it has come: what lets it go on after a restart. */
const shopRecordSchema = z.object({
  seed: z.int(),
  customers: z.int().min(1),
  /** When the shop opened, ms. */
  from: z.int(),
  /** By when `customers` had signed up, ms: with seed and `from`, what decides every life. */
  customersBy: z.int(),
  /** Of the newest event that is known to be in the topics, ms; those of this very instant may be sent again. */
  producedUntil: z.int(),
  clusterId: z.string(),
  /** One of the topics: another installation in the same cluster has a shop of its own. */
  topic: z.string(),
})
export type ShopRecord = z.infer<typeof shopRecordSchema>

const DAY_MS = 86_400_000
/** About 18 months: enough for a season to be seen a second time. */
const HISTORY_MS = 548 * DAY_MS

export interface ShopPlace {
  readonly clusterId: string
  readonly topic: string
}

/** A shop that opened 18 months ago. */
export function newShop({ clusterId, topic }: ShopPlace, customers: number, now: number): ShopRecord {
  const from = now - HISTORY_MS
  return { seed: Math.floor(now / 1_000), customers, from, customersBy: now, producedUntil: from, clusterId, topic }
}

/** The shop of this place, or undefined where there is none yet, or the file tells of another cluster. */
export function readShop(file: string, { clusterId, topic }: ShopPlace): ShopRecord | undefined {
  try {
    const record = shopRecordSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
    return record.clusterId === clusterId && record.topic === topic ? record : undefined
  } catch {
    return undefined
  }
}

/** Replaces the file at once: a crash leaves the old one or the new one. */
export function writeShop(file: string, record: ShopRecord): void {
  mkdirSync(dirname(file), { recursive: true })
  const partial = `${file}.${process.pid}`
  writeFileSync(partial, `${JSON.stringify(record, null, 2)}\n`)
  renameSync(partial, file)
}
