import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { httpPost, retryAfterMs, verdictOf } from './http-post.ts'

const NOW = Date.UTC(2026, 0, 1)

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `http://127.0.0.1:${address.port}`
}

const post = (url: string, timeoutMs = 5_000) => httpPost({ url, headers: {}, body: '{}', timeoutMs })

test.each([200, 201, 202, 204, 299])('%i is delivered', (status) => {
  expect(verdictOf(status, null, NOW)).toEqual({ kind: 'delivered' })
})

test.each([400, 401, 403, 404, 405, 409, 410, 413, 418, 422, 499])('%i is given up at once', (status) => {
  expect(verdictOf(status, '10', NOW)).toMatchObject({
    kind: 'rejected',
    reason: expect.stringContaining(`HTTP ${status}`),
  })
})

test.each([301, 302, 303, 307, 308])('%i is no way to go', (status) => {
  expect(verdictOf(status, null, NOW)).toMatchObject({ kind: 'rejected', reason: expect.stringContaining('redirect') })
})

test.each([408, 425, 429, 500, 502, 503, 504, 599])('%i is tried again', (status) => {
  expect(verdictOf(status, null, NOW)).toEqual({ kind: 'retry', reason: `HTTP ${status}` })
})

test('Retry-After is heeded with 429 and 503: seconds or a date, never for longer than a day', () => {
  expect(verdictOf(429, '7', NOW)).toMatchObject({ afterMs: 7_000 })
  expect(verdictOf(503, 'Thu, 01 Jan 2026 00:00:30 GMT', NOW)).toMatchObject({ afterMs: 30_000 })
  expect(verdictOf(500, '7', NOW)).not.toHaveProperty('afterMs')
  expect(retryAfterMs('999999999', NOW)).toBe(86_400_000)
  expect(retryAfterMs('Thu, 01 Jan 2020 00:00:00 GMT', NOW)).toBe(0)
  expect(retryAfterMs('soon', NOW)).toBeUndefined()
})

test('a redirect is not followed', async () => {
  const seen: string[] = []
  const url = await listen((request, response) => {
    seen.push(request.url ?? '')
    response.writeHead(307, { location: '/elsewhere' }).end()
  })
  expect(await post(`${url}/here`)).toMatchObject({ kind: 'rejected' })
  expect(seen).toEqual(['/here'])
})

test('whoever does not answer in time, or breaks off, is tried again', async () => {
  const url = await listen((request, response) => {
    if (request.url === '/reset') request.socket.destroy()
    if (request.url === '/midway') response.socket?.end('HTTP/1.1 200 OK\r\ncontent-le')
  })
  expect(await post(`${url}/hang`, 50)).toEqual({ kind: 'retry', reason: 'no answer within 50 ms' })
  expect(await post(`${url}/reset`)).toMatchObject({ kind: 'retry', reason: expect.stringContaining('no answer') })
  expect(await post(`${url}/midway`)).toMatchObject({ kind: 'retry', reason: expect.stringContaining('no answer') })
  const gone = createServer().listen(0, '127.0.0.1')
  await once(gone, 'listening')
  const address = gone.address()
  gone.close()
  const port = typeof address === 'object' ? address?.port : undefined
  expect(await post(`http://127.0.0.1:${port}/`)).toMatchObject({ kind: 'retry', reason: 'no answer: ECONNREFUSED' })
})

test('what a receiver says of its refusal is kept short and on one line, even if it never stops talking', async () => {
  const url = await listen((_request, response) => {
    response.writeHead(400)
    const talk = setInterval(() => response.write('no\r\n\u001b[31mno '.repeat(50)), 1)
    response.on('close', () => clearInterval(talk))
  })
  const attempt = await post(url)
  expect(attempt).toMatchObject({ kind: 'rejected', reason: 'HTTP 400' })
  const detail = attempt.kind === 'rejected' ? (attempt.detail ?? '') : ''
  expect(detail.length).toBeLessThanOrEqual(200)
  expect(detail).toMatch(/^[\x20-\x7e]+$/)
})

test('an answer that is good counts, whatever happens to its body', async () => {
  const url = await listen((_request, response) => {
    response.writeHead(200, { 'content-length': '1000' }).write('{')
    setImmediate(() => response.destroy())
  })
  expect(await post(url)).toEqual({ kind: 'delivered' })
})
