import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { HoldfastError } from '../errors.ts'
import { createLogger } from '../logger.ts'
import { createAccessCheck } from './access.ts'
import { createHttpApp, type HttpAnswer, startHttpApp } from './app.ts'
import { problemResponses } from './problem.ts'

const TOKEN = 'a-token-of-some-length'

async function serve({ token = '', answers = [] as HttpAnswer[], graceMs = 10_000 } = {}) {
  const app = await createHttpApp({
    log: createLogger({ service: 'test', level: 'silent' }),
    access: { token, host: '127.0.0.1', tokenSetting: 'X_TOKEN', hostSetting: 'X_HOST' },
    title: 'Test',
    description: 'A test.',
    maxBodyBytes: 1000,
    health: () => ({ ok: true, detail: 'fine' }),
    ready: () => ({ ok: false, detail: 'not yet' }),
    metrics: { contentType: 'text/plain', render: async () => 'up 1\n' },
    onAnswered: (answer) => answers.push(answer),
  })
  const thing = z.object({ name: z.string(), size: z.int().optional() })
  app.post(
    '/v1/things/:id',
    { schema: { body: thing, response: { 200: thing, ...problemResponses(400, 503) } } },
    async ({ body }) => {
      if (body.name === 'later') throw new HoldfastError({ code: 'DOWN_NOW', message: 'it is down', canRetry: true })
      if (body.name === 'broken') throw new Error('a secret')
      return body
    },
  )
  const server = await startHttpApp(app, { host: '127.0.0.1', port: 0, graceMs })
  onTestFinished(() => server.stop())
  const post = (body: string, headers: Record<string, string> = {}) =>
    fetch(`${server.url}/v1/things/1`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    })
  return { url: server.url, post, stop: server.stop }
}

test('a wrong field is named in problem details, with what was expected', async () => {
  const { post } = await serve()
  const answer = await post('{"name":"a","size":"big"}')
  expect(answer.status).toBe(400)
  expect(answer.headers.get('content-type')).toContain('application/problem+json')
  expect(await answer.json()).toEqual({
    type: 'urn:problem-type:holdfast:invalid-request',
    title: 'Bad Request',
    status: 400,
    detail: expect.stringContaining('the body'),
    instance: expect.stringMatching(/^urn:uuid:[0-9a-f-]{36}$/),
    errors: [{ field: 'size', reason: expect.stringContaining('expected') }],
  })
})

test('every way of being refused is a problem with its status', async () => {
  const { url, post } = await serve()
  const statuses = async (answers: Promise<Response>[]) => {
    const all = await Promise.all(answers)
    for (const { headers } of all) expect(headers.get('content-type')).toContain('application/problem+json')
    for (const answer of all) expect(await answer.json()).toMatchObject({ status: answer.status })
    return all.map(({ status }) => status)
  }
  expect(
    await statuses([
      post('{"name":'),
      post(''),
      post('{"name":"a","__proto__":{"admin":true}}'),
      post('"'.padEnd(2000)),
      post('name=a', { 'content-type': 'text/csv' }),
      fetch(`${url}/nowhere`),
      fetch(`${url}/v1/things/%E0%A4%A`),
      fetch(`${url}/v1/things/1`),
      fetch(`${url}/healthz`, { method: 'QUERY' }),
      post('{"name":"later"}'),
      post('{"name":"broken"}'),
    ]),
  ).toEqual([400, 400, 400, 413, 415, 404, 400, 405, 405, 503, 500])
  expect((await fetch(`${url}/v1/things/1`)).headers.get('allow')).toBe('POST')
  expect((await post('{"name":"later"}')).headers.get('retry-after')).toBe('1')
  expect(await (await post('{"name":"broken"}')).text()).not.toContain('secret')
})

test('with a token, only who has it comes in; probes and the description stay open', async () => {
  const { url, post } = await serve({ token: TOKEN })
  expect((await post('{"name":"a"}', { authorization: `Bearer ${TOKEN}` })).status).toBe(200)
  const without = await post('{"name":"a"}')
  expect([without.status, without.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
  for (const authorization of ['Bearer wrong', `Bearer ${TOKEN}x`, `Basic ${TOKEN}`, 'Bearer ']) {
    expect((await post('{"name":"a"}', { authorization })).status).toBe(401)
  }
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  expect(await (await fetch(`${url}/openapi.json`)).json()).toMatchObject({
    openapi: '3.1.0',
    security: [{ bearer: [] }],
    paths: { '/healthz': {}, '/readyz': {}, '/v1/things/{id}': {} },
  })
})

test('without a token, a page from elsewhere is refused though it comes over loopback', async () => {
  const { url, post } = await serve()
  expect((await post('{"name":"a"}', { origin: 'https://evil.example' })).status).toBe(403)
  expect((await post('{"name":"a"}', { origin: 'null' })).status).toBe(403)
  expect((await post('{"name":"a"}', { origin: 'http://localhost:5173' })).status).toBe(200)
  const rebound = await new Promise<number | undefined>((resolve, reject) => {
    const request = httpRequest(`${url}/v1/things/1`, { method: 'POST', headers: { host: 'evil.example' } })
    request.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject)
    request.end()
  })
  expect(rebound).toBe(403)
})

test('an address that others reach needs a token, and a token must be hard to guess', async () => {
  const options = { tokenSetting: 'X_TOKEN', hostSetting: 'X_HOST' }
  for (const host of ['0.0.0.0', '::', '10.0.0.1', 'shop.example']) {
    expect(() => createAccessCheck({ ...options, host, token: '' })).toThrow(/X_HOST=.*no token/)
  }
  for (const host of ['127.0.0.1', '127.1.2.3', 'localhost', '::1', '[::1]']) {
    expect(() => createAccessCheck({ ...options, host, token: '' })).not.toThrow()
  }
  expect(() => createAccessCheck({ ...options, host: '0.0.0.0', token: 'short' })).toThrow(/X_TOKEN/)
})

test('probes and metrics answer as the probe server does', async () => {
  const { url } = await serve()
  const ready = await fetch(`${url}/readyz`)
  expect([ready.status, await ready.json()]).toEqual([503, { ok: false, detail: 'not yet' }])
  expect(await (await fetch(`${url}/metrics`)).text()).toBe('up 1\n')
})

test('what is not HTTP is told so before the connection is closed', async () => {
  const { url } = await serve()
  const { hostname, port } = new URL(url)
  const text = await new Promise<string>((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(Number(port), hostname, () => socket.write('hello\r\n\r\n'))
    socket.on('data', (chunk) => chunks.push(chunk)).on('error', reject)
    socket.on('close', () => resolve(Buffer.concat(chunks).toString()))
  })
  expect(text).toMatch(/^HTTP\/1\.1 400 [\s\S]*application\/problem\+json[\s\S]*"status":400/)
})

test('answers are observed by route, so that ids do not become labels', async () => {
  const answers: HttpAnswer[] = []
  const { url, post } = await serve({ answers })
  await post('{"name":"a"}')
  await fetch(`${url}/whatever/17`)
  await expect.poll(() => answers.length).toBe(2)
  expect(answers.map(({ route, status }) => [route, status])).toEqual([
    ['/v1/things/:id', 200],
    ['none', 404],
  ])
})

test('who does not finish sending holds the end of the process back for a while, and not for ever', async () => {
  const { url, stop } = await serve({ graceMs: 200 })
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  const closed = new Promise<void>((resolve) => socket.on('error', () => {}).on('close', () => resolve()))
  // Its answer says that the connection is known to the server.
  socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n')
  socket.write('POST /v1/things/1 HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n')
  socket.write('content-length: 20\r\n\r\n{"name"')
  await new Promise((resolve) => socket.once('data', resolve))
  await stop()
  await closed
})
