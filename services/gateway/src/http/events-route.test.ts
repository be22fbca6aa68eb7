import { connect } from 'node:net'
import { createHttpApp, createLogger, startHttpApp } from '@holdfast/platform'
import { expect, onTestFinished, test } from 'vitest'
import { InFlight } from '../log/in-flight.ts'
import { addEventsRoute } from './events-route.ts'

/** The route before a log that confirms nothing until it is told to. */
async function serve(limit: number, answerWithinMs = 60_000) {
  const inFlight = new InFlight(limit)
  const written: (() => void)[] = []
  const app = await createHttpApp({
    log: createLogger({ service: 'test', level: 'silent' }),
    access: { token: '', host: '127.0.0.1', tokenSetting: 'X_TOKEN', hostSetting: 'X_HOST' },
    title: 'Test',
    description: 'A test.',
    maxBodyBytes: 10_000,
    health: () => ({ ok: true, detail: '' }),
    ready: () => ({ ok: true, detail: '' }),
    metrics: { contentType: 'text/plain', render: async () => '' },
  })
  addEventsRoute(app, {
    prepare: () => ({
      kind: 'ready',
      id: '1',
      role: 'purchases',
      subject: 'c',
      value: Buffer.alloc(1),
      identity: '',
      timestamp: 0,
    }),
    write: () => ({
      isDuplicate: false,
      at: new Promise((resolve) => written.push(() => resolve({ topic: 't', partition: 0, offset: 0 }))),
    }),
    isKafkaReachable: () => true,
    inFlight,
    maxEvents: 10,
    maxBodyBytes: 10_000,
    answerWithinMs,
    onEvents: () => {},
  })
  const { url, stop } = await startHttpApp(app, { host: '127.0.0.1', port: 0 })
  onTestFinished(async () => {
    for (const confirm of written) confirm()
    await stop()
  })
  return { url, inFlight, written }
}

test('the room of requests that wait behind another one is free again when their connection breaks off', async () => {
  const { url, inFlight, written } = await serve(100_000)
  const { hostname, port } = new URL(url)
  const client = connect(Number(port), hostname)
  const one = `POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}`
  client.write(one.repeat(4))
  await expect.poll(() => written.length).toBe(4)
  expect(inFlight.bytes).toBeGreaterThan(0)
  client.destroy()
  // What is on its way to Kafka takes room until it is there.
  for (const confirm of written) confirm()
  await expect.poll(() => inFlight.bytes).toBe(0)
})

test('an event in the head of its request takes room like one in the body', async () => {
  const { url, written } = await serve(12_000, 200)
  const send = () =>
    fetch(`${url}/v1/events`, {
      method: 'POST',
      headers: { 'ce-specversion': '1.0', 'ce-id': 'x'.repeat(5_000), 'content-type': 'application/json' },
    })
  const answers = await Promise.all([send(), send(), send(), send()])
  expect(answers.map(({ status }) => status).sort()).toEqual([429, 429, 503, 503])
  expect(written).toHaveLength(2)
})
