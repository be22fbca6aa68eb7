import { anEvent, aPurchase, eventually } from '@holdfast/testing'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { customerOn, type Installation, install, showWorkersOfFailedTests } from '../risk-worker/support.ts'
import { type ConsoleProcess, caughtUp, listen, startConsole } from './support.ts'

showWorkersOfFailedTests()

const DAY = 86_400_000

let shop: Installation
let api: ConsoleProcess

beforeAll(async () => {
  shop = await install()
  await shop.runWorker()
  api = await startConsole(shop, { CONSOLE_CHANGES_KEPT: '20' })
})

afterAll(async () => {
  await api?.stop()
  await shop?.close()
})

async function listener(headers = {}, to = api) {
  const found = await listen(to, headers)
  onTestFinished(() => found.close())
  expect(found.response.status).toBe(200)
  expect(found.response.headers.get('content-type')).toContain('text/event-stream')
  await eventually(() => found.events.some((event) => 'retry' in event))
  return found
}

type Listener = Awaited<ReturnType<typeof listener>>

const dataOf = ({ data }: { data?: string }) => JSON.parse(data ?? '{}')

/** What was told of one customer. */
const told = ({ events }: Listener, customer: string) =>
  events.filter(({ data }) => data !== undefined && dataOf({ data }).customer === customer)

/** Band changes that the console has read so far. */
async function changesTaken(): Promise<number> {
  const text = await (await api.get('/metrics')).text()
  return Number(/^holdfast_console_changes_total\{[^}]*outcome="taken"[^}]*\} (\d+)/m.exec(text)?.[1] ?? 0)
}

/** A purchase long ago makes a customer lapsed. */
const bought = (customerId: string, daysAgo: number) =>
  shop.send(aPurchase({ customerId, time: Date.now() - daysAgo * DAY }))

test('a change of band is told within seconds, with why', async () => {
  const listening = await listener()
  const id = `${shop.prefix}/שלום 🦖`
  await bought(id, 200)
  const lapsed = await eventually(() => told(listening, id)[0])
  expect(lapsed.event).toBe('risk_changed')
  expect(dataOf(lapsed)).toMatchObject({
    customer: id,
    band: 'lapsed',
    probability: expect.any(Number),
    expectedLoss: { amountMinor: expect.any(Number), currency: 'EUR' },
    modelVersion: 'v1',
    reasons: expect.arrayContaining([{ group: 'recency', logit: expect.any(Number), sentence: expect.any(String) }]),
  })
  await bought(id, 0)
  const back = await eventually(() => told(listening, id)[1])
  expect(dataOf(back)).toMatchObject({ previousBand: 'lapsed', band: expect.not.stringMatching('lapsed') })
})

test('who was away goes on behind the last event that they saw', async () => {
  const [before, meanwhile, after] = [customerOn(shop), customerOn(shop), customerOn(shop)]
  const first = await listener()
  await bought(before, 200)
  const seen = await eventually(() => told(first, before)[0])
  await first.close()
  const other = await listener()
  await bought(meanwhile, 200)
  await eventually(() => told(other, meanwhile)[0])

  const again = await listener({ 'last-event-id': seen.id ?? '' })
  await eventually(() => told(again, meanwhile)[0])
  await bought(after, 200)
  await eventually(() => told(again, after)[0])
  expect(again.events.flatMap(({ data }) => (data === undefined ? [] : [dataOf({ data }).customer]))).toEqual([
    meanwhile,
    after,
  ])
})

test('who was away for too long, or comes from another server, is told so and goes on with the present', async () => {
  const listening = await listener()
  const first = customerOn(shop)
  await bought(first, 200)
  const { id = '' } = await eventually(() => told(listening, first)[0])
  const before = await changesTaken()
  const many = Array.from({ length: 30 }, () => customerOn(shop))
  await shop.send(...many.map((customerId) => aPurchase({ customerId, time: Date.now() - 200 * DAY })))
  await caughtUp(shop)
  // One batch may hold them all, so whoever listens may be overtaken: the server is asked what it has taken.
  await eventually(async () => (await changesTaken()) >= before + many.length)

  for (const lastEventId of [id, 'elsewhere-3', 'nonsense']) {
    const again = await listener({ 'last-event-id': lastEventId })
    await eventually(() => again.events.find(({ event }) => event === 'missed'))
    const fresh = customerOn(shop)
    await bought(fresh, 200)
    await eventually(() => told(again, fresh)[0])
    expect(again.events.filter(({ event }) => event === 'risk_changed')).toHaveLength(1)
  }
})

test('an erasure is told', async () => {
  const listening = await listener()
  const id = customerOn(shop)
  await bought(id, 200)
  await eventually(() => told(listening, id)[0])
  await shop.send(anEvent('customer.erased', {}, { customerId: id, time: Date.now() }))
  const forgotten = await eventually(() => told(listening, id)[1])
  expect(forgotten).toMatchObject({ event: 'forgotten', data: JSON.stringify({ customer: id }) })
})

test('there are only so many listeners, and a place is free again when one has left', async () => {
  const small = await startConsole(shop, { CONSOLE_STREAMS: '1' })
  onTestFinished(async () => {
    await small.stop()
  })
  const one = await listener({}, small)
  const refused = await small.get('/v1/changes')
  expect(refused.status).toBe(503)
  expect(refused.headers.get('retry-after')).toBe('5')
  expect(await refused.json()).toMatchObject({ type: 'urn:problem-type:holdfast:too-many-streams' })
  expect(await (await small.get('/metrics')).text()).toMatch(/holdfast_console_streams\{[^}]*\} 1/)
  await one.close()
  const next = await eventually(async () => {
    const found = await listen(small)
    if (found.response.status === 200) return found
    await found.close()
    return undefined
  })
  await next.close()
})

test('a console that stops says good-bye to its listeners and ends in time', async () => {
  const ending = await startConsole(shop)
  const listening = await listener({}, ending)
  const startedAt = performance.now()
  expect(await ending.stop()).toBe(0)
  expect(performance.now() - startedAt).toBeLessThan(5_000)
  await eventually(() => listening.hasEnded())
  expect(listening.events.at(-1)).toMatchObject({ event: 'closing' })
})
