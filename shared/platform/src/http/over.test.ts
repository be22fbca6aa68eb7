import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { whenOver } from './over.ts'

/** A server that answers only when told to. */
async function serve() {
  const waiting: ServerResponse[] = []
  let over = 0
  const server = createServer((_, response) => {
    waiting.push(response)
    whenOver(response, () => over++)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  onTestFinished(() => void client.destroy())
  const ask = (times: number) => client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(times))
  return { waiting, client, ask, over: () => over }
}

test('each answer is over when it has left, and what listens on the connection goes with it', async () => {
  const { waiting, ask, over } = await serve()
  for (let i = 1; i <= 3; i++) {
    ask(1)
    await expect.poll(() => waiting.length).toBe(i)
    const before = waiting[0]!.req.socket.listenerCount('close')
    waiting.at(-1)?.end('done')
    await expect.poll(over).toBe(i)
    expect(waiting[0]!.req.socket.listenerCount('close')).toBeLessThan(before)
  }
})

test('answers that wait behind another one are over, too, when the connection breaks off', async () => {
  const { waiting, client, ask, over } = await serve()
  ask(4)
  await expect.poll(() => waiting.length).toBe(4)
  expect(over()).toBe(0)
  client.destroy()
  await expect.poll(over).toBe(4)
})
