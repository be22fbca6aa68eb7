import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LocalKafka, sayNothing, startKafka } from '@holdfast/local'
import { eventually } from '@holdfast/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { GatewayProcess } from './gateway-process.ts'
import { openShop, post, purchase, type Shop } from './support.ts'

/** A broker that stands still or is gone: senders are asked to wait, memory stays bounded, and nothing is lost or written twice. */

let dir: string
let kafka: LocalKafka
let shop: Shop
let gateway: GatewayProcess

const ANSWER_WITHIN_MS = 1_000
const IN_FLIGHT_MAX_BYTES = 20_000

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'holdfast-gateway-'))
  kafka = await startKafka({ dir, heapMb: 384, say: sayNothing })
  shop = openShop(kafka.brokers)
  gateway = await shop.startGateway({
    ANSWER_WITHIN_MS: String(ANSWER_WITHIN_MS),
    IN_FLIGHT_MAX_BYTES: String(IN_FLIGHT_MAX_BYTES),
  })
})

afterAll(async () => {
  await shop?.close().catch(() => {})
  await kafka?.kill()
  rmSync(dir, { recursive: true, force: true })
})

const isReady = async () => (await fetch(`${gateway.url}/readyz`)).status === 200
const timesInTopic = async (id: string) => (await shop.read('purchases')).filter(({ event }) => event.id === id).length

test('a broker that stands still: 503 in time, then 429, and afterwards each event is there once', async () => {
  const event = purchase()
  const large = Array.from({ length: 8 }, () => purchase({}, { note: 'x'.repeat(4_000) }))
  process.kill(kafka.pid, 'SIGSTOP')
  const startedAt = performance.now()
  const late = post(gateway, event)
  const others = large.map((one) => post(gateway, one))
  try {
    const answers = await Promise.all(others)
    const saturated = answers.filter(({ status }) => status === 429)
    const unconfirmed = answers.filter(({ status }) => status === 503)
    // 20,000 bytes hold four events of 4,000 bytes beside the first; the others are turned away at once.
    expect([saturated.length, unconfirmed.length]).toEqual([4, 4])
    for (const { headers } of answers) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    const { status, problem } = await late
    expect([status, problem.type]).toEqual([503, 'urn:problem-type:holdfast:kafka-unavailable'])
    expect(performance.now() - startedAt).toBeLessThan(ANSWER_WITHIN_MS + 1_500)
    await eventually(async () => !(await isReady()))
    // Now that it is known, nobody waits.
    expect((await post(gateway, event)).status).toBe(503)
  } finally {
    process.kill(kafka.pid, 'SIGCONT')
  }
  await eventually(isReady)
  const again = await eventually(async () => {
    const answer = await post(gateway, event)
    return answer.status === 202 ? answer : undefined
  })
  expect(again.result.accepted[0]?.duplicate).toBe(true)
  for (const one of large) {
    await eventually(async () => (await post(gateway, one)).status === 202)
  }
  for (const { id } of [event, ...large]) expect(await timesInTopic(id)).toBe(1)
  await expect.poll(async () => (await fetch(`${gateway.url}/readyz`)).text()).toContain('"inFlightBytes":0')
})

test('a broker that is gone: not ready, 503 at once; when it is back, events are taken as before', async () => {
  await kafka.kill()
  await eventually(async () => !(await isReady()))
  const refused = await post(gateway, purchase())
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2'])
  expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200)
  kafka = await startKafka({ dir, heapMb: 384, say: sayNothing })
  await eventually(isReady, { timeoutMs: 30_000 })
  const event = purchase()
  await eventually(async () => (await post(gateway, event)).status === 202, { timeoutMs: 30_000 })
  expect(await timesInTopic(event.id)).toBe(1)
})
