import { eventually } from '@holdfast/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  customerOn,
  type Installation,
  install,
  metric,
  showWorkersOfFailedTests,
  type WorkerProcess,
} from '../risk-worker/support.ts'
import { type GatewayProcess, startGateway } from './gateway-process.ts'
import { post, purchase } from './support.ts'

showWorkersOfFailedTests()

/** What the gateway accepts, the risk-worker folds: once, however often and by whatever way it came. */

let shop: Installation
let worker: WorkerProcess
const gateways: GatewayProcess[] = []

beforeAll(async () => {
  shop = await install()
  for (let i = 0; i < 2; i++) gateways.push(await startGateway(shop.env))
  worker = await shop.runWorker()
})

afterAll(async () => {
  for (const gateway of gateways) await gateway.kill()
  await shop?.close()
})

const records = (outcome: string) => metric(worker, 'holdfast_records_total', { outcome })

test('an event sent to two gateways at once is in the log twice and in the state once', async () => {
  const subject = customerOn(shop)
  const event = purchase({ subject })
  const answers = await Promise.all(gateways.map((gateway) => post(gateway, event)))
  expect(answers.map(({ status }) => status)).toEqual([202, 202])
  const offsets = answers.map(({ result }) => result.accepted[0]?.offset)
  expect(new Set(offsets).size).toBe(2)
  // Behind both on the same partition.
  const last = await post(gateways[0]!, purchase({ subject }))
  expect(last.result.accepted[0]?.offset).toBeGreaterThan(Math.max(...offsets.map(Number)))
  await eventually(async () => (await records('folded')) + (await records('duplicate')) === 3)
  expect([await shop.purchasesOf(subject), await records('duplicate')]).toEqual([2, 1])
})

test('one of each kind that is accepted ends in the state, and none as a dead letter', async () => {
  const subject = customerOn(shop)
  const of = (type: string, data: object) => ({ ...purchase({ subject, type }), data })
  const events = [
    of('purchase.completed', { amount: '10.00', currency: 'EUR' }),
    of('purchase.refunded', { amount: '1.00', currency: 'EUR' }),
    of('support.ticket_opened', { ticketId: 't-1', complaint: true }),
    of('support.ticket_resolved', { ticketId: 't-1' }),
    of('survey.responded', { kind: 'nps', score: 9 }),
    of('engagement.visited', {}),
    of('social.mentioned', { sentiment: 0.5 }),
    of('profile.updated', { country: 'AT' }),
    of('consent.changed', { purpose: 'marketing', granted: true }),
    of('contract.change_requested', { kind: 'upgrade' }),
    of('action.snoozed', { action: 'proactive-outreach', until: '2999-01-01T00:00:00Z' }),
  ]
  const { status, result } = await post(gateways[0]!, events)
  expect([status, result.rejected]).toEqual([202, []])
  // Three of the test above.
  await eventually(async () => (await records('folded')) + (await records('duplicate')) >= 3 + events.length)
  expect([await records('invalid'), await records('unknown_type')]).toEqual([0, 0])
  const state = await shop.stateOf(subject)
  expect(state).toMatchObject({ purchases: { count: 1 }, support: {}, engagement: {} })
})
