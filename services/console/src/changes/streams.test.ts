import { createServer, get, IncomingMessage, ServerResponse } from 'node:http'
import { type AddressInfo, connect as connectSocket, Socket } from 'node:net'
import { Problem } from '@holdfast/platform'
import { eventually, testLog } from '@holdfast/testing'
import { expect, onTestFinished, test } from 'vitest'
import { ChangeRing } from './ring.ts'
import { ChangeStreams } from './streams.ts'

/** Streams behind a real server, and a client that reads only when it is asked to. */
async function serve(options: { readonly stalledMs?: number; readonly most?: number; readonly graceMs?: number } = {}) {
  const ring = new ChangeRing(1_000_000, 'e1')
  const dropped: string[] = []
  const streams = new ChangeStreams({
    ring,
    log: testLog,
    most: 5,
    onDropped: (reason) => dropped.push(reason),
    ...options,
  })
  const server = createServer((_, response) => {
    streams.connect(response, undefined).pipe(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    await streams.stop()
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const connect = () =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const request = get({ port, host: '127.0.0.1', agent: false }, resolve)
      request.on('error', reject)
    })
  return { ring, streams, dropped, connect, port }
}

const LARGE = JSON.stringify({ filler: 'x'.repeat(10_000) })

test('who takes nothing is cut off after a while, and nobody else', async () => {
  const { ring, streams, dropped, connect } = await serve({ stalledMs: 200 })
  const [idle, reader] = [await connect(), await connect()]
  idle.pause()
  idle.on('error', () => {})
  let heard = 0
  reader.on('data', (chunk: Buffer) => {
    heard += chunk.length
  })
  await eventually(() => streams.open === 2)
  const pushing = setInterval(() => {
    for (let i = 0; i < 50; i++) ring.push('risk_changed', LARGE)
  }, 5)
  onTestFinished(() => clearInterval(pushing))
  await eventually(() => dropped.length > 0, { timeoutMs: 30_000 })
  expect(dropped).toEqual(['stalled'])
  await eventually(() => streams.open === 1)
  const before = heard
  await eventually(() => heard > before)
})

test('what waits for a client who takes nothing does not grow', async () => {
  const { ring, streams, connect } = await serve()
  const idle = await connect()
  idle.pause()
  idle.on('error', () => {})
  await eventually(() => streams.open === 1)
  for (let i = 0; i < 500; i++) ring.push('risk_changed', LARGE)
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 2_000; i++) {
    ring.push('risk_changed', LARGE)
    if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  // All share one text in the ring; frames made for the client would be 20 MB.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(10_000_000)
})

test('stopping ends all, also those who do not listen, and takes nobody new', async () => {
  const { ring, streams, connect } = await serve({ graceMs: 50 })
  const [idle, reader] = [await connect(), await connect()]
  idle.pause()
  idle.on('error', () => {})
  let text = ''
  reader.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk.slice(-200)
  })
  await eventually(() => streams.open === 2)
  for (let i = 0; i < 3_000; i++) ring.push('risk_changed', LARGE)
  await streams.stop()
  expect(streams.open).toBe(0)
  await eventually(() => text.includes('event: closing'))
})

test('there are only so many', async () => {
  const { streams, connect } = await serve({ most: 1 })
  const first = await connect()
  await eventually(() => streams.open === 1)
  const refused = () => streams.connect(new ServerResponse(new IncomingMessage(new Socket())), undefined)
  expect(refused).toThrow(Problem)
  first.destroy()
  await eventually(() => streams.open === 0)
})

test('streams that wait behind another one of their connection end with it', async () => {
  const { streams, port } = await serve()
  const client = connectSocket(port, '127.0.0.1')
  client.on('error', () => {})
  client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(3))
  await eventually(() => streams.open === 3)
  client.destroy()
  await eventually(() => streams.open === 0)
})
