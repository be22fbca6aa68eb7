import { expect, onTestFinished, test } from 'vitest'
import { metric, openShop } from '../integration/gateway/support.ts'
import { fuzzOpenApi, openFuzzer } from './schemathesis.ts'

test('the fuzzer finds no 5xx and no answer that breaks the description of the gateway', { timeout: 600_000 }, async ({
  skip,
}) => {
  const fuzzer = await openFuzzer()
  if (fuzzer === undefined) return skip('there is no python3 here: the gateway was not fuzzed')
  const token = 'a-token-for-the-fuzzer'
  const shop = openShop()
  onTestFinished(() => shop.close())
  const gateway = await shop.startGateway({ GATEWAY_TOKEN: token })
  const { passed, requests, output } = await fuzzOpenApi(fuzzer, {
    url: gateway.url,
    headers: { Authorization: `Bearer ${token}` },
    excludeChecks: [
      // An event may be of the right shape and lie in the future, or be in a currency without a rate.
      'positive_data_acceptance',
      // A bad event in a good batch is listed in an answer of 202. bad-input.test.ts holds each kind of it against its reason.
      'negative_data_rejection',
    ],
  })
  expect(passed, output).toBe(true)
  expect(requests).toBeGreaterThan(500)
  // It got past the door: good events came through, and bad ones were told so.
  const counted = (outcome: string) =>
    metric(gateway, new RegExp(`^holdfast_gateway_events_total.*outcome="${outcome}"`))
  expect(await counted('accepted')).toBeGreaterThan(0)
  expect(await counted('rejected')).toBeGreaterThan(50)
  expect(gateway.hasEnded()).toBe(false)
  expect(gateway.tail()).not.toContain('"level":"error"')
})
