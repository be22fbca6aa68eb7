import { CUSTOMER_SCHEMA, SUMMARY_SCHEMA, WORKLIST_SCHEMA } from '@holdfast/console'
import { connectProducer, PROBLEM_SCHEMA } from '@holdfast/platform'
import { aPurchase, eventually, testKafka } from '@holdfast/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PrivateServices } from '../../support/private-services.ts'
import { runRebuild } from '../rebuild/shop.ts'
import { customerOn, type Installation, install, showWorkersOfFailedTests } from '../risk-worker/support.ts'
import { type ConsoleProcess, feedShop, startConsole } from './support.ts'

showWorkersOfFailedTests()

const LAPSED = '/v1/customers?band=lapsed&limit=200'

async function lapsed(api: ConsoleProcess): Promise<string[]> {
  const response = await api.get(LAPSED)
  expect(response.status).toBe(200)
  return WORKLIST_SCHEMA.parse(await response.json()).customers.map(({ customer }) => customer)
}

test('a rebuild switches under the console, and nobody who asks notices', async () => {
  const shop = await install()
  let api: ConsoleProcess | undefined
  try {
    await shop.runWorker()
    await feedShop(shop, 150)
    const running = await startConsole(shop)
    api = running
    const before = await lapsed(running)
    expect(before.length).toBeGreaterThan(10)
    const path = `/v1/customers/${encodeURIComponent(before[0] ?? '')}`
    const generation = async () => CUSTOMER_SCHEMA.parse(await (await running.get(path)).json()).generation
    const first = await generation()

    let isDone = false
    const rebuilt = runRebuild(shop).finally(() => {
      isDone = true
    })
    let asked = 0
    while (!isDone) {
      expect((await lapsed(running)).sort()).toEqual([...before].sort())
      asked++
    }
    await rebuilt
    expect(asked).toBeGreaterThan(5)
    expect(await generation()).not.toBe(first)
    await eventually(async () => expect((await lapsed(running)).sort()).toEqual([...before].sort()))
  } finally {
    await api?.stop()
    await shop.close()
  }
})

let services: PrivateServices
let shop: Installation
let api: ConsoleProcess
let customerId: string

beforeAll(async () => {
  services = await PrivateServices.start()
  shop = await install({ redisUrls: [services.redisUrl], env: { KAFKA_BROKERS: services.brokers.join(',') } })
  await shop.runWorker()
  customerId = customerOn(shop)
  const { json } = aPurchase({ customerId, time: Date.now() - 200 * 86_400_000 })
  const producer = await connectProducer(testKafka(services.brokers))
  await producer.sendBatch([{ topic: shop.topics.purchases, messages: [{ key: customerId, value: json }] }])
  await producer.stop()
  await eventually(async () => (await shop.stateOf(customerId))?.decided?.band === 'lapsed')
  api = await startConsole(shop)
})

afterAll(async () => {
  await api?.stop()
  await shop?.close()
  await services?.stop()
})

test('while Redis is away everything that needs it is 503 in time, and all is well when it is back', async () => {
  await services.killRedis()
  for (const path of [LAPSED, `/v1/customers/${customerId}`, '/v1/metrics/summary', '/v1/metrics/cohorts']) {
    const startedAt = performance.now()
    const response = await api.get(path)
    expect(performance.now() - startedAt).toBeLessThan(8_000)
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('1')
    expect(PROBLEM_SCHEMA.parse(await response.json()).type).toBe('urn:problem-type:holdfast:redis-away')
  }
  const posted = await api.post(`/v1/customers/${customerId}/actions`, { action: 'acknowledge' })
  expect(posted.status).toBe(503)
  expect((await api.get('/readyz')).status).toBe(503)
  expect((await api.get('/healthz')).status).toBe(200)
  expect((await api.get('/metrics')).status).toBe(200)

  await services.restartRedis()
  await eventually(async () => (await api.get('/readyz')).status === 200, { timeoutMs: 30_000 })
  expect(await lapsed(api)).toEqual([customerId])
})

test('while Kafka is away people can read; what they say is refused in time, and taken once when it is back', async () => {
  await services.killKafka()
  expect(await lapsed(api)).toEqual([customerId])
  const summary = await eventually(async () => {
    const found = SUMMARY_SCHEMA.parse(await (await api.get('/v1/metrics/summary')).json())
    return found.pipeline.lag === null ? found : undefined
  })
  expect(summary.customers.known).toBe(1)

  const key = { 'idempotency-key': 'said while Kafka was away' }
  const say = () => api.post(`/v1/customers/${customerId}/actions`, { action: 'resolve', outcome: 'lost' }, key)
  const startedAt = performance.now()
  const refused = await say()
  expect(performance.now() - startedAt).toBeLessThan(15_000)
  expect(refused.status).toBe(503)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  PROBLEM_SCHEMA.parse(await refused.json())

  await services.restartKafka()
  await eventually(async () => (await say()).status === 202, { timeoutMs: 60_000, everyMs: 500 })
  await eventually(
    async () => {
      const view = CUSTOMER_SCHEMA.parse(await (await api.get(`/v1/customers/${customerId}`)).json())
      return view.actions.reactivation?.outcome === 'lost' ? view : undefined
    },
    { timeoutMs: 60_000 },
  )
  const listed = SUMMARY_SCHEMA.parse(await (await api.get('/v1/metrics/summary')).json())
  expect(listed.actions.reactivation.outcomes.lost).toBe(1)
})
