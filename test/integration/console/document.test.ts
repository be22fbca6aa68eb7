import { aPurchase, eventually } from '@holdfast/testing'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { customerOn, type Installation, install, showWorkersOfFailedTests } from '../risk-worker/support.ts'
import { type ConsoleProcess, startConsole } from './support.ts'

showWorkersOfFailedTests()

const TOKEN = 'a-token-of-this-test-alone'
const BEARER = { authorization: `Bearer ${TOKEN}` }

const jsonSchema = z.record(z.string(), z.unknown())
const responseSchema = z.object({
  description: z.string(),
  content: z.record(z.string(), z.object({ schema: jsonSchema })).optional(),
})
const documentSchema = z.object({
  openapi: z.string(),
  info: z.object({ title: z.string() }),
  paths: z.record(z.string(), z.record(z.string(), z.looseObject({ responses: z.record(z.string(), responseSchema) }))),
  components: z.object({ schemas: z.record(z.string(), jsonSchema) }),
})

let shop: Installation
let api: ConsoleProcess
let document: z.output<typeof documentSchema>
let customerId: string

beforeAll(async () => {
  shop = await install()
  await shop.runWorker()
  customerId = customerOn(shop)
  await shop.send(aPurchase({ customerId, time: Date.now() - 200 * 86_400_000 }))
  await eventually(() => shop.stateOf(customerId))
  api = await startConsole(shop, { CONSOLE_TOKEN: TOKEN, CONSOLE_HOST: '0.0.0.0' })
  document = documentSchema.parse(await (await api.get('/openapi.json')).json())
})

afterAll(async () => {
  await api?.stop()
  await shop?.close()
})

/** What the document says of an answer, as a schema: read back from the JSON that callers get. */
function promised(path: string, method: string, status: number, type: string): z.ZodType {
  const schema = document.paths[path]?.[method]?.responses[status]?.content?.[type]?.schema
  if (schema === undefined) throw new Error(`the document has no ${status} ${type} of ${method} ${path}`)
  const local = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value).replaceAll('#/components/schemas/', '#/$defs/'))
  return z.fromJSONSchema(
    jsonSchema.parse({ ...jsonSchema.parse(local(schema)), $defs: local(document.components.schemas) }),
  )
}

test('the document is OpenAPI 3.1 and names every route, its problems and the token', () => {
  expect(document.openapi).toMatch(/^3\.1\./)
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  )
  expect(routes.filter((route) => !route.startsWith('head ')).sort()).toEqual([
    'get /healthz',
    'get /readyz',
    'get /v1/changes',
    'get /v1/customers',
    'get /v1/customers/{id}',
    'get /v1/metrics/cohorts',
    'get /v1/metrics/summary',
    'get /v1/models/champion/drift',
    'get /v1/models/champion/outcomes',
    'post /v1/customers/{id}/actions',
  ])
  for (const [path, methods] of Object.entries(document.paths)) {
    if (!path.startsWith('/v1/')) continue
    for (const { responses } of Object.values(methods)) {
      expect(Object.keys(responses), path).toEqual(expect.arrayContaining(['401', '503']))
      expect(responses['503']?.content).toHaveProperty(['application/problem+json'])
    }
  }
})

describe('every answer is as the document promises', () => {
  const at = (path: string) => path.replace('{id}', encodeURIComponent(customerId))
  test.each<readonly [path: string, query: string, status: number]>([
    ['/v1/customers/{id}', '', 200],
    ['/v1/customers', '?band=lapsed', 200],
    ['/v1/customers', '', 400],
    ['/v1/metrics/summary', '', 200],
    ['/v1/metrics/cohorts', '', 200],
    ['/v1/models/champion/drift', '', 404],
    ['/v1/models/champion/outcomes', '', 404],
    ['/healthz', '', 200],
    ['/readyz', '', 200],
  ])('GET %s%s: %d', async (path, query, status) => {
    const response = await api.get(`${at(path)}${query}`, BEARER)
    expect(response.status).toBe(status)
    const [type = ''] = (response.headers.get('content-type') ?? '').split(';')
    const body: unknown = await response.json()
    expect(promised(path, 'get', status, type).parse(body)).toEqual(body)
  })

  test.each([
    [202, { action: 'acknowledge' }],
    [400, { action: 'snooze' }],
  ])('POST an action: %d', async (status, command) => {
    const path = '/v1/customers/{id}/actions'
    const response = await api.post(at(path), command, BEARER)
    expect(response.status).toBe(status)
    const [type = ''] = (response.headers.get('content-type') ?? '').split(';')
    const body: unknown = await response.json()
    expect(promised(path, 'post', status, type).parse(body)).toEqual(body)
  })

  test('and this test would notice one that is not', () => {
    const summary = promised('/v1/metrics/summary', 'get', 200, 'application/json')
    expect(summary.safeParse({ asOf: new Date().toISOString(), customers: {} }).success).toBe(false)
  })
})

describe('without the token', () => {
  test.each(['/v1/customers?band=lapsed', '/v1/metrics/summary', '/v1/changes'])('%s is 401', async (path) => {
    for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: `Basic ${TOKEN}` }]) {
      const response = await api.get(path, headers)
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/)
      const body: unknown = await response.json()
      const [route = ''] = path.split('?')
      expect(promised(route, 'get', 401, 'application/problem+json').parse(body)).toEqual(body)
    }
  })

  test('an action is 401, and nothing is written', async () => {
    const response = await api.post(`/v1/customers/${customerId}/actions`, { action: 'acknowledge', note: 'no token' })
    expect(response.status).toBe(401)
  })

  test.each(['/healthz', '/readyz', '/metrics', '/openapi.json'])('%s is open', async (path) => {
    expect((await api.get(path)).status).toBe(200)
  })
})

test('every metric of the console is there and explained', async () => {
  await api.get('/v1/metrics/summary', BEARER)
  const text = await (await api.get('/metrics')).text()
  for (const name of ['request_seconds', 'streams', 'streams_dropped_total', 'changes_total', 'answers_total']) {
    expect(text).toMatch(new RegExp(`^# HELP holdfast_console_${name} \\S.*$`, 'm'))
  }
  expect(text).toMatch(/holdfast_console_request_seconds_count\{[^}]*route="\/v1\/metrics\/summary"[^}]*\} \d/)
  expect(text).not.toContain(customerId)
})

test('without a token it does not listen to strangers', async () => {
  await expect(startConsole(shop, { CONSOLE_HOST: '0.0.0.0' })).rejects.toThrow(/CONFIG_INVALID.*CONSOLE_TOKEN/s)
  const local = await startConsole(shop)
  onTestFinished(async () => {
    await local.stop()
  })
  const response = await local.get('/v1/metrics/summary', { origin: 'https://evil.example' })
  expect(response.status).toBe(403)
})
