import { connect } from 'node:net'
import { describe, expect, inject, it } from 'vitest'

/** What every other test of the `system` project stands on. */
describe('the services of the test run', () => {
  const accepts = (host: string, port: number): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect({ host, port })
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })

  it('are a broker and a Redis, or the nodes of a Redis Cluster, that take connections', async () => {
    const addresses = [...inject('kafkaBrokers').map((broker) => `kafka://${broker}`), ...inject('redisUrls')]
    expect(addresses.length).toBeGreaterThanOrEqual(2)
    for (const address of addresses) {
      const { hostname, port } = new URL(address)
      expect(await accepts(hostname, Number(port)), address).toBe(true)
    }
  })
})
