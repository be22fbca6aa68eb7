import { eventually } from '@holdfast/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { GatewayProcess } from './gateway-process.ts'
import { openShop, post, purchase, type Shop } from './support.ts'

/** What was answered with 202 is in Kafka, however the gateway ends. */

let shop: Shop

beforeAll(() => {
  shop = openShop()
})

afterAll(async () => {
  await shop?.close()
})

interface Flood {
  readonly accepted: ReadonlySet<string>
  /** Requests without any answer. */
  lost(): number
  readonly done: Promise<unknown>
}

/** So many senders, each with one request after the other, until the gateway is gone. */
function flood(gateway: GatewayProcess, senders: number, batch: number): Flood {
  const accepted = new Set<string>()
  let lost = 0
  const send = async () => {
    while (!gateway.hasEnded()) {
      try {
        const { status, result } = await post(
          gateway,
          batch === 1 ? purchase() : Array.from({ length: batch }, () => purchase()),
        )
        expect(status).toBe(202)
        for (const { id } of result.accepted) accepted.add(id)
      } catch (thrown) {
        if (!(thrown instanceof TypeError)) throw thrown
        // fetch failed: the connection broke, or none is taken any more.
        lost++
        if (gateway.child.signalCode !== null || gateway.child.exitCode !== null) return
      }
    }
  }
  return { accepted, lost: () => lost, done: Promise.all(Array.from({ length: senders }, send)) }
}

async function idsInTopic(): Promise<ReadonlySet<string>> {
  return new Set((await shop.read('purchases')).map(({ event }) => String(event.id)))
}

test.each([1, 25])(
  'killed in the midst of a flood of batches of %i: nothing that was accepted is missing',
  async (batch) => {
    const gateway = await shop.startGateway()
    const { accepted, lost, done } = flood(gateway, 16, batch)
    await eventually(() => accepted.size > 300)
    await gateway.kill()
    await done
    // It was hit with requests under way, or the test shows nothing.
    expect(lost()).toBeGreaterThanOrEqual(8)
    const ids = await idsInTopic()
    expect([...accepted].filter((id) => !ids.has(id))).toEqual([])
  },
)

test('stopped in order in the midst of a flood: every request that it took is answered, and it ends with 0', async () => {
  const gateway = await shop.startGateway()
  const { accepted, done } = flood(gateway, 16, 5)
  await eventually(() => accepted.size > 300)
  expect(await gateway.stop()).toBe(0)
  await done
  const ids = await idsInTopic()
  expect([...accepted].filter((id) => !ids.has(id))).toEqual([])
})
