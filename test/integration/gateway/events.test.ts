import { murmur2Partition } from '@holdfast/platform'
import { uniqueName } from '@holdfast/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { GatewayProcess } from './gateway-process.ts'
import { BATCH, metric, openShop, PARTITIONS, post, purchase, type Shop } from './support.ts'

/** Events come in over HTTP in every mode of the CloudEvents binding, and lie in Kafka as the answer says. */

let shop: Shop
let gateway: GatewayProcess

beforeAll(async () => {
  shop = openShop()
  gateway = await shop.startGateway()
})

afterAll(async () => {
  await shop?.close()
})

async function recordOf(id: string, role: Parameters<Shop['read']>[0] = 'purchases') {
  const records = (await shop.read(role)).filter(({ event }) => event.id === id)
  expect(records).toHaveLength(1)
  return records[0]!
}

test('a structured event is in the topic of its type, keyed by its customer, where the answer says', async () => {
  const event = purchase({ subject: 'cust-ÿ-שלום' })
  const before = Date.now()
  const { status, result } = await post(gateway, event)
  expect(status).toBe(202)
  const record = await recordOf(event.id)
  expect(result).toEqual({
    accepted: [{ index: 0, id: event.id, topic: record.topic, partition: record.partition, offset: record.offset }],
    rejected: [],
  })
  expect(record.topic).toBe(shop.topics.purchases)
  expect(record.key).toBe(event.subject)
  expect(record.partition).toBe(murmur2Partition(Buffer.from(event.subject), PARTITIONS))
  expect(record.event).toEqual({ ...event, recordedtime: new Date(record.timestamp).toISOString() })
  expect(record.timestamp).toBeGreaterThanOrEqual(before)
})

test('recordedtime is what our clock says, whatever the sender says', async () => {
  const event = purchase({ recordedtime: '2001-01-01T00:00:00Z' })
  expect((await post(gateway, event)).status).toBe(202)
  const record = await recordOf(event.id)
  expect(record.event.recordedtime).toBe(new Date(record.timestamp).toISOString())
})

test('a batch is spread over the topics of its types, and each offset is right', async () => {
  const events = [
    purchase(),
    purchase({ type: 'support.ticket_opened', data: { ticketId: 't-1' } }),
    purchase({ type: 'engagement.visited', data: {} }),
    purchase({ type: 'consent.changed', data: { purpose: 'marketing', granted: true } }),
    purchase({ type: 'action.snoozed', data: { action: 'proactive-outreach', until: '2999-01-01T00:00:00Z' } }),
    ...Array.from({ length: 40 }, () => purchase()),
  ]
  const { status, result } = await post(gateway, events)
  expect(status).toBe(202)
  expect(result.accepted.map(({ id }) => id)).toEqual(events.map(({ id }) => id))
  const roles = ['purchases', 'support', 'engagement', 'profile', 'actions'] as const
  const records = (await Promise.all(roles.map((role) => shop.read(role)))).flat()
  for (const { id, topic, partition, offset } of result.accepted) {
    const found = records.find((one) => one.topic === topic && one.partition === partition && one.offset === offset)
    expect(found?.event.id).toBe(id)
  }
})

test('plain JSON is taken as one event or as several', async () => {
  const headers = { 'content-type': 'application/json' }
  expect((await post(gateway, purchase(), headers)).result.accepted).toHaveLength(1)
  expect((await post(gateway, [purchase(), purchase()], headers)).result.accepted).toHaveLength(2)
  expect((await post(gateway, [], { 'content-type': BATCH })).result).toEqual({ accepted: [], rejected: [] })
})

test('binary mode: attributes are percent-encoded headers, the body is the data', async () => {
  const { data, ...attributes } = purchase({ subject: 'Jürgen "J" 100 %', source: '/shop/ñ' })
  const headers = Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [`ce-${name}`, encodeURIComponent(value)]),
  )
  const sent = await post(gateway, JSON.stringify(data), { 'content-type': 'application/json', ...headers })
  expect(sent.status).toBe(202)
  const record = await recordOf(attributes.id)
  expect(record.key).toBe(attributes.subject)
  expect(record.event).toMatchObject({ ...attributes, data })

  const quoted = { ...headers, 'ce-id': uniqueName('q'), 'ce-subject': '"cust \\"quoted\\""' }
  expect((await post(gateway, JSON.stringify(data), { 'content-type': 'application/json', ...quoted })).status).toBe(
    202,
  )
  expect((await recordOf(quoted['ce-id'])).key).toBe('cust "quoted"')

  const undecodable = await post(gateway, '{}', {
    ...headers,
    'content-type': 'application/json',
    'ce-subject': '%E0%A4',
  })
  expect(undecodable.status).toBe(400)
  expect(undecodable.problem.errors[0]?.field).toBe('ce-subject')
})

test('binary mode without a body: an event that says all in its type', async () => {
  const id = uniqueName('visit')
  const attributes = { specversion: '1.0', id, source: '/web', type: 'engagement.visited', subject: 'cust-9' }
  const headers = Object.entries({ ...attributes, time: new Date().toISOString() }).map(([k, v]) => [`ce-${k}`, v])
  const response = await fetch(`${gateway.url}/v1/events`, { method: 'POST', headers: Object.fromEntries(headers) })
  expect(response.status).toBe(202)
  expect((await recordOf(id, 'engagement')).event).toMatchObject(attributes)
})

test('what is sent again is in the topic once, and the answer says where', async () => {
  const event = purchase()
  const first = await post(gateway, event)
  const again = await post(gateway, [event, purchase(), event])
  const [place] = first.result.accepted
  expect(again.result.accepted[0]).toEqual({ ...place, duplicate: true })
  expect(again.result.accepted[2]).toEqual({ ...place, index: 2, duplicate: true })
  expect(again.result.accepted[1]?.duplicate).toBeUndefined()
  // The same id from elsewhere, or of another customer, is another event: so the fold sees it, too.
  const others = [purchase({ id: event.id, source: '/other' }), purchase({ id: event.id })]
  expect((await post(gateway, others)).result.accepted.map(({ duplicate }) => duplicate)).toEqual([
    undefined,
    undefined,
  ])
  expect((await shop.read('purchases')).filter(({ event: { id } }) => id === event.id)).toHaveLength(3)
})

test('twenty senders of the same event at once write it once, and all hear where', async () => {
  const event = purchase()
  const answers = await Promise.all(Array.from({ length: 20 }, () => post(gateway, event)))
  const { offset, partition } = await recordOf(event.id)
  for (const { status, result } of answers) {
    expect(status).toBe(202)
    expect(result.accepted[0]).toMatchObject({ offset, partition })
  }
  expect(answers.filter(({ result }) => result.accepted[0]?.duplicate).length).toBe(19)
})

test('after a restart the event is written again, for the fold to drop', async () => {
  const event = purchase()
  const other = await shop.startGateway()
  await post(gateway, event)
  expect((await post(other, event)).result.accepted[0]?.duplicate).toBeUndefined()
  expect(await other.stop()).toBe(0)
})

test('events are counted by what became of them', async () => {
  const count = (outcome: string) => metric(gateway, new RegExp(`^holdfast_gateway_events_total.*outcome="${outcome}"`))
  const before = { accepted: await count('accepted'), rejected: await count('rejected') }
  await post(gateway, [purchase(), purchase({ time: 'yesterday' }), purchase()])
  expect(await count('accepted')).toBe(before.accepted + 2)
  expect(await count('rejected')).toBe(before.rejected + 1)
})

test('only whoever has the token comes in', async () => {
  const token = 'a-token-of-thirty-two-characters'
  const guarded = await shop.startGateway({ GATEWAY_TOKEN: token, GATEWAY_HOST: '0.0.0.0' })
  const at = { url: guarded.url.replace('0.0.0.0', '127.0.0.1') }
  expect((await post(at, purchase())).status).toBe(401)
  expect((await post(at, purchase(), { authorization: 'Bearer not-this-one' })).status).toBe(401)
  expect((await post(at, purchase(), { authorization: `Bearer ${token}` })).status).toBe(202)
  expect((await fetch(`${at.url}/readyz`)).status).toBe(200)
  expect(await guarded.stop()).toBe(0)
})

test('without a token it does not listen where others could come in', async () => {
  await expect(shop.startGateway({ GATEWAY_HOST: '0.0.0.0' })).rejects.toThrow(
    /CONFIG_INVALID.*GATEWAY_HOST=0\.0\.0\.0/,
  )
})
