import { createDecoder, riskChangeSchema } from '@holdfast/contracts'
import { ACTION_KINDS } from '@holdfast/core'
import { z } from 'zod'
import type { Installation } from '../installation.ts'
import { inputRecords } from '../log/input-records.ts'
import { readLog } from '../log/read-log.ts'
import { type ActionTaken, type BandChange, type Purchase, type Report, weeksOf } from './weeks.ts'

const actionSchema = z.object({
  type: z.string(),
  subject: z.string(),
  time: z.string(),
  data: z.object({ action: z.enum(ACTION_KINDS), reason: z.string().optional() }),
})

/** What happened so far, week by week, from the topics. Compacted records of `churn.risk-changes` are missing from it. */
export async function readReport(on: Installation): Promise<Report> {
  const changes: BandChange[] = []
  await readLog({
    kafka: on.kafka,
    admin: await on.admin(),
    topics: [on.topics.riskChanges],
    onBatch(records) {
      for (const { value } of records) {
        // An erased customer's last record is empty.
        if (value === null) continue
        const { subject, time, data } = riskChangeSchema.parse(JSON.parse(String(value)))
        changes.push({ customer: subject, at: instantOf(time), band: data.band })
      }
    },
  })
  const purchases: Purchase[] = []
  const actions: ActionTaken[] = []
  const { BASE_CURRENCY: base, CURRENCY_RATES: rates } = on.config
  const decode = createDecoder({ base, rates, topics: on.topics })
  const records = inputRecords({ kafka: on.kafka, admin: await on.admin(), topics: on.topics })
  for await (const { role, value } of records) {
    if (role === 'purchases') {
      // Whether it came from the future was settled when it came.
      const decoded = decode(role, value, Number.MAX_SAFE_INTEGER)
      if (decoded.kind !== 'event' || decoded.event.type !== 'purchase.completed') continue
      purchases.push({ customer: decoded.event.customerId, at: decoded.event.time })
    } else if (role === 'actions' && value !== null) {
      const parsed = actionSchema.safeParse(parseJson(value))
      if (!parsed.success) continue
      const { type, subject, time, data } = parsed.data
      actions.push({ customer: subject, at: Date.parse(time), type, action: data.action, reason: data.reason })
    }
  }
  return weeksOf({ changes, actions, purchases })
}

function instantOf(time: string | number): number {
  return typeof time === 'number' ? time : Date.parse(time)
}

function parseJson(value: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(value).toString())
  } catch {
    return undefined
  }
}
