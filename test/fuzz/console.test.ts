import { aPurchase, eventually } from '@holdfast/testing'
import { expect, onTestFinished, test } from 'vitest'
import { startConsole } from '../integration/console/support.ts'
import { install } from '../integration/risk-worker/support.ts'
import { fuzzOpenApi, openFuzzer } from './schemathesis.ts'

test('the fuzzer finds no 5xx and no answer that breaks the description of the console', { timeout: 600_000 }, async ({
  skip,
}) => {
  const fuzzer = await openFuzzer()
  if (fuzzer === undefined) return skip('there is no python3 here: the console was not fuzzed')
  const shop = await install()
  onTestFinished(() => shop.close())
  await shop.runWorker()
  // The customer whom the description names as an example: without one, no request gets past the door.
  const customerId = 'cust-42'
  await shop.send(aPurchase({ customerId, time: Date.now() - 200 * 86_400_000 }))
  await eventually(async () => (await shop.stateOf(customerId))?.decided?.band === 'lapsed')
  const token = 'a-token-for-the-fuzzer'
  const api = await startConsole(shop, { CONSOLE_TOKEN: token })
  onTestFinished(async () => {
    await api.stop()
  })
  const { passed, requests, output } = await fuzzOpenApi(fuzzer, {
    url: api.url,
    // Schemathesis knows the header by this spelling, and leaves it out to see what happens.
    headers: { Authorization: `Bearer ${token}` },
    // A stream that does not end by itself.
    excludePaths: ['/v1/changes'],
    excludeChecks: [
      // A customer of the right form may be nobody, a cursor a text of no page, and the end of a snooze in the past.
      'positive_data_acceptance',
    ],
  })
  expect(passed, output).toBe(true)
  expect(requests).toBeGreaterThan(300)
  const metrics = await (await api.get('/metrics')).text()
  for (const [route, status] of [
    ['/v1/customers/:id', 200],
    ['/v1/customers/:id', 404],
    ['/v1/customers/:id/actions', 202],
    ['/v1/customers', 400],
  ]) {
    expect(metrics).toMatch(
      new RegExp(`request_seconds_count\\{[^}]*route="${route}"[^}]*status="${status}"[^}]*\\} [1-9]`),
    )
  }
  expect(metrics).not.toMatch(/request_seconds_count\{[^}]*route="\/v1[^}]*status="5/)
})
