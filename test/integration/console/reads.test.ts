import { COHORTS_SCHEMA, CUSTOMER_SCHEMA, SUMMARY_SCHEMA, WORKLIST_SCHEMA } from '@holdfast/console'
import { PROBLEM_SCHEMA } from '@holdfast/platform'
import { anEvent, aPurchase, eventually } from '@holdfast/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { readStoredShards } from '../../support/shards.ts'
import { type Installation, install, showWorkersOfFailedTests } from '../risk-worker/support.ts'
import { type ConsoleProcess, caughtUp, feedShop, startConsole } from './support.ts'

showWorkersOfFailedTests()

const DAY = 86_400_000

let shop: Installation
let api: ConsoleProcess

beforeAll(async () => {
  shop = await install({ partitions: 3 })
  await shop.runWorker()
  await feedShop(shop, 300)
  api = await startConsole(shop)
})

afterAll(async () => {
  await api?.stop()
  await shop?.close()
})

/** The body, held to its schema to the letter: what the schema does not name must not be there. */
async function read<S extends z.ZodType>(path: string, schema: S): Promise<z.output<S>> {
  const response = await api.get(path)
  const body: unknown = await response.json()
  expect(response.status, JSON.stringify(body)).toBe(200)
  expect(schema.parse(body)).toEqual(body)
  return schema.parse(body)
}

async function problem(path: string, status: number, headers = {}) {
  const response = await api.get(path, headers)
  expect(response.status).toBe(status)
  expect(response.headers.get('content-type')).toContain('application/problem+json')
  return PROBLEM_SCHEMA.parse(await response.json())
}

async function walk(band: 'at_risk' | 'lapsed', limit: number) {
  const pages: z.output<typeof WORKLIST_SCHEMA>[] = []
  for (let cursor = ''; ; ) {
    const page = await read(
      `/v1/customers?band=${band}&limit=${limit}${cursor && `&cursor=${cursor}`}`,
      WORKLIST_SCHEMA,
    )
    pages.push(page)
    if (page.next === undefined) return pages
    cursor = page.next
  }
}

describe('a worklist', () => {
  test.each(['at_risk', 'lapsed'] as const)('%s: cursors lead past everybody once, by expected loss', async (band) => {
    const stored = (await readStoredShards(shop)).flatMap(({ worklists }) => [...worklists[band]])
    expect(stored.length).toBeGreaterThan(15)
    const pages = await walk(band, 7)
    const listed = pages.flatMap(({ customers }) => customers)
    expect(pages.slice(0, -1).every(({ customers }) => customers.length === 7)).toBe(true)
    expect(listed.map(({ customer }) => customer).sort()).toEqual(stored.map(([id]) => id).sort())
    const losses = listed.map(({ expectedLoss }) => expectedLoss.amountMinor)
    expect(losses).toEqual([...losses].sort((a, b) => b - a))
    expect(new Map(listed.map(({ customer, expectedLoss }) => [customer, expectedLoss.amountMinor]))).toEqual(
      new Map(stored),
    )
  })

  test('says who and why', async () => {
    const { customers } = await read('/v1/customers?band=at_risk&limit=200', WORKLIST_SCHEMA)
    for (const { band, reasons, probability, expectedLoss } of customers) {
      expect(band).toBe('at_risk')
      expect(reasons[0]?.sentence).toBeTruthy()
      expect(probability).toBeGreaterThan(0)
      expect(expectedLoss.currency).toBe('EUR')
    }
    expect(customers.some(({ name, email }) => name !== undefined && email?.includes('@'))).toBe(true)
  })

  test('a page begins behind a place, whoever has left it or come before it meanwhile', async () => {
    const [first] = await walk('lapsed', 5)
    const cursor = first?.next ?? ''
    const before = await read(`/v1/customers?band=lapsed&limit=5&cursor=${cursor}`, WORKLIST_SCHEMA)
    // The customer whose place the cursor names leaves the list, and somebody before it as well.
    const gone = [first?.customers[4]?.customer ?? '', first?.customers[0]?.customer ?? '']
    await shop.send(...gone.map((customerId) => aPurchase({ customerId, time: Date.now() - 1_000, amount: '1.00' })))
    await eventually(async () => {
      const { customers } = await read('/v1/customers?band=lapsed&limit=200', WORKLIST_SCHEMA)
      return customers.every(({ customer }) => !gone.includes(customer))
    })
    const after = await read(`/v1/customers?band=lapsed&limit=5&cursor=${cursor}`, WORKLIST_SCHEMA)
    expect(after.customers.map(({ customer }) => customer)).toEqual(before.customers.map(({ customer }) => customer))
  })

  test.each([
    ['no band', '/v1/customers', 'band'],
    ['another band', '/v1/customers?band=healthy', 'band'],
    ['too many', '/v1/customers?band=at_risk&limit=201', 'limit'],
    ['none', '/v1/customers?band=at_risk&limit=0', 'limit'],
    ['a half', '/v1/customers?band=at_risk&limit=1.5', 'limit'],
    ['nonsense for a cursor', '/v1/customers?band=at_risk&cursor=xyz', 'cursor'],
    ['another cursor', `/v1/customers?band=at_risk&cursor=${btoa('["lapsed",1,"a"]')}`, 'cursor'],
  ])('%s is refused with the name of the field', async (_, path, field) => {
    const { errors } = await problem(path, 400)
    expect(errors).toEqual([{ field, reason: expect.stringMatching(/./) }])
  })
})

describe('a customer', () => {
  test('is shown with features, score, band, reasons, appointment, timeline and profile', async () => {
    const { customers } = await read('/v1/customers?band=at_risk&limit=1', WORKLIST_SCHEMA)
    const id = customers[0]?.customer ?? ''
    const view = await read(`/v1/customers/${encodeURIComponent(id)}`, CUSTOMER_SCHEMA)
    const state = await shop.stateOf(id)
    expect(view).toMatchObject({
      customer: id,
      erased: false,
      stored: { band: 'at_risk', enteredAt: customers[0]?.enteredAt },
      now: { probability: expect.closeTo(customers[0]?.probability ?? Number.NaN, 2) },
      profile: { name: expect.any(String) },
    })
    expect(view.now?.reasons[0]?.sentence).toMatch(/\w/)
    const values = new Map(view.features.flatMap(({ features }) => features).map(({ name, value }) => [name, value]))
    expect(values.get('logCount')).toBeCloseTo(Math.log1p(state?.purchases?.count ?? Number.NaN), 9)
    expect(Date.parse(view.nextAppointment ?? '')).toBeGreaterThan(Date.now() - 1_000)
    const times = view.timeline.map(({ at }) => at)
    expect(times.length).toBeGreaterThan(1)
    expect(times).toEqual([...times].sort().reverse())
    expect(Math.abs(Date.parse(view.asOf) - Date.now())).toBeLessThan(10_000)
  })

  test('who is not contacted is shown with the reason', async () => {
    const pages = await walk('lapsed', 200)
    const withheld = pages.flatMap(({ customers }) => customers).filter(({ disposition }) => disposition !== 'queued')
    expect(withheld.length).toBeGreaterThan(5)
    for (const { withheld: reason } of withheld) expect(['too_late', 'no_consent']).toContain(reason)
    const one = await read(`/v1/customers/${encodeURIComponent(withheld[0]?.customer ?? '')}`, CUSTOMER_SCHEMA)
    expect(one.stored?.withheld).toBe(withheld[0]?.withheld)
  })

  test.each([
    ['a slash', 'a/b/c'],
    ['right to left', 'عميل-ליצ'],
    ['emoji', '👩‍👩‍👧🦖'],
    ['256 bytes', `${'ü'.repeat(127)}xy`],
    ['a percent sign and a question mark', '100%?#&=+'],
    ['a space and a quote', ' "\\ '],
    ['a line end and a NUL', '\n\u0000'],
  ])('is found by an id with %s', async (_, id) => {
    await shop.send(
      aPurchase({ customerId: id, time: Date.now() - DAY }),
      anEvent('profile.updated', { name: 'Ünal "שלום" 🎈' }, { customerId: id, time: Date.now() - DAY }),
    )
    const view = await eventually(async () => {
      const response = await api.get(`/v1/customers/${encodeURIComponent(id)}`)
      const body = CUSTOMER_SCHEMA.safeParse(await response.json())
      return response.status === 200 && body.data?.profile.name !== undefined ? body.data : undefined
    })
    expect(view.customer).toBe(id)
    expect(view.profile).toEqual({ name: 'Ünal "שלום" 🎈' })
  })

  test('nobody of this id is 404, an erased one 410', async () => {
    expect(await problem('/v1/customers/nobody', 404)).toMatchObject({
      type: 'urn:problem-type:holdfast:unknown-customer',
    })
    const id = `${shop.prefix}-gone`
    await shop.send(
      aPurchase({ customerId: id, time: Date.now() - DAY }),
      anEvent('customer.erased', {}, { customerId: id, time: Date.now() }),
    )
    await eventually(async () => (await shop.stateOf(id))?.erased)
    const gone = await problem(`/v1/customers/${id}`, 410)
    expect(gone.type).toBe('urn:problem-type:holdfast:erased-customer')
  })

  test.each([
    ['257 bytes', encodeURIComponent('x'.repeat(257)), 400],
    ['a lone surrogate as bytes', '%ED%A0%80', 400],
    ['bytes that are no UTF-8', '%FF%FE', 400],
    ['half a percent code', 'a%2', 400],
    ['nothing', '', 400],
  ])('%s for an id is refused', async (_, id, status) => {
    await problem(`/v1/customers/${id}`, status)
  })
})

describe('the summary', () => {
  test('is the sum over all customers', async () => {
    await caughtUp(shop)
    const summary = await read('/v1/metrics/summary', SUMMARY_SCHEMA)
    const states = (await readStoredShards(shop)).flatMap((shard) => [...shard.states.values()])
    const known = states.filter(({ erased }) => !erased)
    const buyers = known.filter(({ purchases }) => purchases !== undefined)
    const inBand = (band: string) => known.filter(({ decided }) => decided?.band === band).length
    expect(summary.customers).toEqual({
      known: known.length,
      erased: states.length - known.length,
      buyers: buyers.length,
      repeatBuyers: buyers.filter(({ purchases }) => (purchases?.count ?? 0) > 1).length,
    })
    for (const [band, count] of Object.entries(summary.bands)) expect(count, band).toBe(inBand(band))
    expect(summary.churn.churnRate).toBeCloseTo(inBand('lapsed') / buyers.length, 12)
    expect((summary.churn.churnRate ?? 0) + (summary.churn.retentionRate ?? 0)).toBeCloseTo(1, 12)
    const spend = buyers.reduce((sum, { purchases }) => sum + (purchases?.spendMinor ?? 0), 0)
    const orders = buyers.reduce((sum, { purchases }) => sum + (purchases?.count ?? 0), 0)
    expect(summary.orders.spend).toEqual({ amountMinor: spend, currency: 'EUR' })
    expect(summary.orders.averageOrderValue?.amountMinor).toBe(Math.round(spend / orders))
    expect(summary.surveys.csat.mean).toBeGreaterThan(1)
    expect(summary.pipeline).toMatchObject({ shards: 3, appointmentsOverdue: 0, outbox: 0, intakeStopped: null })
    expect(Object.keys(summary.pipeline.lag ?? {})).toHaveLength(5)
    expect(Object.values(summary.pipeline.lag ?? {}).every((lag) => lag === 0)).toBe(true)
    const { 'proactive-outreach': outreach, reactivation } = summary.pipeline.jobs
    expect(outreach.waiting + outreach.delayed + reactivation.waiting).toBeGreaterThan(0)
  })

  test('cohorts: everybody is active in their first month, and nobody more often than the cohort is large', async () => {
    const { cohorts } = await read('/v1/metrics/cohorts', COHORTS_SCHEMA)
    const { customers } = await read('/v1/metrics/summary', SUMMARY_SCHEMA)
    expect(cohorts.length).toBeGreaterThan(10)
    expect(cohorts.reduce((sum, cohort) => sum + cohort.customers, 0)).toBe(customers.buyers)
    for (const { cohort, customers: size, months } of cohorts) {
      expect(months[0]).toEqual({ month: cohort, age: 0, active: size, retention: 1 })
      expect(months.map(({ age }) => age)).toEqual(months.map((_, i) => i))
      for (const { active } of months) expect(active).toBeLessThanOrEqual(size)
    }
    expect(new Set(cohorts.map(({ months }) => months.at(-1)?.month)).size).toBe(1)
  })
})
