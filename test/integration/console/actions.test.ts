import { ACCEPTED_SCHEMA, CUSTOMER_SCHEMA } from '@holdfast/console'
import { createDecoder } from '@holdfast/contracts'
import { PROBLEM_SCHEMA } from '@holdfast/platform'
import { anEvent, aPurchase, eventually } from '@holdfast/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { customerOn, type Installation, install, showWorkersOfFailedTests } from '../risk-worker/support.ts'
import { type ConsoleProcess, caughtUp, startConsole } from './support.ts'

showWorkersOfFailedTests()

const DAY = 86_400_000

let shop: Installation
let api: ConsoleProcess

beforeAll(async () => {
  shop = await install()
  await shop.runWorker()
  api = await startConsole(shop)
})

afterAll(async () => {
  await api?.stop()
  await shop?.close()
})

/** Somebody who bought every month and then no more: lapsed since last week. */
async function lapsedCustomer(): Promise<string> {
  const customerId = customerOn(shop)
  const bought = [400, 370, 340, 310, 280, 94].map((days) => aPurchase({ customerId, time: Date.now() - days * DAY }))
  await shop.send(...bought)
  await eventually(async () => (await shop.stateOf(customerId))?.decided?.band === 'lapsed')
  return customerId
}

const path = (customerId: string) => `/v1/customers/${encodeURIComponent(customerId)}/actions`

async function accepted(customerId: string, command: object, headers = {}) {
  const response = await api.post(path(customerId), command, headers)
  const body: unknown = await response.json()
  expect(response.status, JSON.stringify(body)).toBe(202)
  return ACCEPTED_SCHEMA.parse(body)
}

async function refused(customerId: string, body: unknown, status: number, headers = {}) {
  const response = await api.post(path(customerId), body, headers)
  expect(response.status).toBe(status)
  expect(response.headers.get('content-type')).toContain('application/problem+json')
  return PROBLEM_SCHEMA.parse(await response.json())
}

const viewOf = async (customerId: string) =>
  CUSTOMER_SCHEMA.parse(await (await api.get(`/v1/customers/${encodeURIComponent(customerId)}`)).json())

const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString()

describe('what is said of a customer is folded into the state, and seen', () => {
  test('acknowledge', async () => {
    const id = await lapsedCustomer()
    const { time, type } = await accepted(id, { action: 'acknowledge', by: 'Anna', note: 'ruft morgen an — שלום' })
    expect(type).toBe('action.acknowledged')
    const view = await eventually(async () => {
      const seen = await viewOf(id)
      return seen.actions.reactivation?.acknowledgedAt === undefined ? undefined : seen
    })
    expect(view.actions.reactivation?.acknowledgedAt).toBe(time)
    expect(view.timeline[0]).toMatchObject({ kind: 'action.acknowledged', at: time })
  })

  test('snooze, of the kind that is named, with any offset in its end', async () => {
    const id = await lapsedCustomer()
    const until = new Date(Date.now() + 9 * DAY)
    until.setUTCMilliseconds(0)
    const local = new Date(until.getTime() + 2 * 3_600_000).toISOString().replace('.000Z', '+02:00')
    await accepted(id, { action: 'snooze', until: local, about: 'proactive-outreach' })
    const view = await eventually(async () => {
      const seen = await viewOf(id)
      return seen.actions['proactive-outreach']?.snoozedUntil === undefined ? undefined : seen
    })
    expect(view.actions['proactive-outreach']?.snoozedUntil).toBe(until.toISOString())
    expect(view.actions.reactivation?.snoozedUntil).toBeUndefined()
  })

  test.each(['saved', 'lost', 'not_at_risk'])('resolve: %s', async (outcome) => {
    const id = await lapsedCustomer()
    await accepted(id, { action: 'resolve', outcome })
    await eventually(async () => (await viewOf(id)).actions.reactivation?.outcome === outcome)
  })

  test('the event is a valid one of the contract, and carries the episode, who said it and the note', async () => {
    const id = await lapsedCustomer()
    const records = await shop.read('actions')
    const { eventId } = await accepted(id, { action: 'resolve', outcome: 'saved', by: 'Anna', note: 'came back' })
    const record = await eventually(() => records.find(({ value }) => value?.includes(eventId)))
    expect(record.key?.toString()).toBe(id)
    const state = await shop.stateOf(id)
    expect(JSON.parse(String(record.value))).toMatchObject({
      source: '/holdfast/console',
      subject: id,
      data: {
        action: 'reactivation',
        outcome: 'saved',
        by: 'Anna',
        note: 'came back',
        enteredAt: new Date(state?.decided?.enteredAt ?? 0).toISOString(),
      },
    })
    const decode = createDecoder({ base: 'EUR' })
    expect(decode('actions', record.value ?? Buffer.of(), record.timestamp)).toMatchObject({ kind: 'event' })
  })

  test('a customer who was only ever mentioned can be spoken of', async () => {
    const customerId = customerOn(shop)
    await shop.send(anEvent('social.mentioned', { sentiment: -1 }, { customerId, time: Date.now() - DAY }))
    await eventually(() => shop.stateOf(customerId))
    await accepted(customerId, { action: 'acknowledge' })
    await eventually(async () => (await viewOf(customerId)).actions['proactive-outreach']?.acknowledgedAt)
  })
})

describe('an idempotency key', () => {
  test('makes one event of many requests, at the instant of the first', async () => {
    const id = await lapsedCustomer()
    const records = await shop.read('actions')
    const key = { 'idempotency-key': 'call 17 — once' }
    const command = { action: 'snooze', until: inHours(48), note: 'on holiday' }
    const header = { 'idempotency-key': encodeURIComponent(key['idempotency-key']) }
    const first = await accepted(id, command, header)
    const again = await Promise.all([1, 2, 3].map(() => accepted(id, command, header)))
    for (const one of again) expect(one).toEqual(first)
    const values = await eventually(() => {
      const found = records.filter(({ value }) => value?.includes(first.eventId)).map(({ value }) => String(value))
      return found.length === 4 ? found : undefined
    })
    expect(new Set(values.map((value) => JSON.parse(value).time)).size).toBe(1)
    await caughtUp(shop)
    const { timeline } = await viewOf(id)
    expect(timeline.filter(({ kind }) => kind === 'action.snoozed')).toHaveLength(1)
  })

  test('is refused for something else, and good for another customer', async () => {
    const [id, other] = [await lapsedCustomer(), await lapsedCustomer()]
    const header = { 'idempotency-key': 'k-1' }
    const first = await accepted(id, { action: 'resolve', outcome: 'saved' }, header)
    const problem = await refused(id, { action: 'resolve', outcome: 'lost' }, 422, header)
    expect(problem.type).toBe('urn:problem-type:holdfast:idempotency-key-reused')
    const second = await accepted(other, { action: 'resolve', outcome: 'lost' }, header)
    expect(second.eventId).not.toBe(first.eventId)
  })

  test('of a request that was refused is free for the corrected one', async () => {
    const id = await lapsedCustomer()
    const header = { 'idempotency-key': 'k-2' }
    await refused(id, { action: 'snooze', until: inHours(-1) }, 400, header)
    await accepted(id, { action: 'snooze', until: inHours(1) }, header)
  })

  test('without one every request is an event of its own', async () => {
    const id = await lapsedCustomer()
    const both = await Promise.all([1, 2].map(() => accepted(id, { action: 'acknowledge' })))
    expect(new Set(both.map(({ eventId }) => eventId)).size).toBe(2)
  })
})

describe('what cannot be meant is refused with the name of the field', () => {
  test.each<readonly [string, unknown, string]>([
    ['a snooze into the past', { action: 'snooze', until: inHours(-1) }, 'until'],
    ['a snooze of two years', { action: 'snooze', until: inHours(24 * 731) }, 'until'],
    ['a snooze without an end', { action: 'snooze' }, 'until'],
    ['a snooze until some day', { action: 'snooze', until: '2027-02-30T00:00:00Z' }, 'until'],
    ['a snooze until a local time', { action: 'snooze', until: '2027-02-01T00:00:00' }, 'until'],
    ['a resolution without an outcome', { action: 'resolve' }, 'outcome'],
    ['an outcome that is none', { action: 'resolve', outcome: 'won' }, 'outcome'],
    ['an action that is none', { action: 'delete' }, 'action'],
    ['no action', {}, 'action'],
    ['a misspelt field', { action: 'acknowledge', notes: 'x' }, ''],
    ['a note that is too long', { action: 'acknowledge', note: 'x'.repeat(1_001) }, 'note'],
    ['half a character', '{"action":"acknowledge","note":"\\ud800"}', 'note'],
    ['a list', [], ''],
    ['null', 'null', ''],
  ])('%s', async (_, body, field) => {
    const id = await lapsedCustomer()
    const { errors, detail } = await refused(id, body, 400)
    expect(detail).toMatch(/errors|JSON|empty/)
    expect(errors?.[0]?.field).toBe(field)
  })

  test.each([
    ['broken JSON', '{"action":', 'application/json', 400],
    ['nothing', '', 'application/json', 400],
    ['XML', '<action/>', 'application/xml', 415],
    ['too much', JSON.stringify({ action: 'acknowledge', note: 'x'.repeat(70_000) }), 'application/json', 413],
  ])('%s', async (_, body, type, status) => {
    await refused(await lapsedCustomer(), body, status, { 'content-type': type })
  })

  test('an unknown customer and an erased one', async () => {
    await refused('nobody', { action: 'acknowledge' }, 404)
    const customerId = await lapsedCustomer()
    await shop.send(anEvent('customer.erased', {}, { customerId, time: Date.now() }))
    await eventually(async () => (await shop.stateOf(customerId))?.erased)
    await refused(customerId, { action: 'acknowledge' }, 410)
  })

  test('a wrong method names those that are right', async () => {
    const response = await api.get(path('somebody'))
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('POST')
  })
})
