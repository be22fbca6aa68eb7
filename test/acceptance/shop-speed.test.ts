import { generateShop, shopSpeed } from '@holdfast/simulation'
import { expect, test } from 'vitest'

const DAY_MS = 86_400_000
const MILLION = 1_000_000

/*
 * Counted is the time that the processor spends on it, which is what passes on a machine that does nothing else: other tests run
 * beside this one.
 */
test('a million events of the generated shop in under half a minute', { timeout: 300_000 }, () => {
  const from = Date.UTC(2024, 0, 1)
  const { events } = generateShop({ seed: 7, customers: 60_000, from, until: from + 900 * DAY_MS })
  const before = process.cpuUsage()
  const speed = shopSpeed(events, MILLION)
  const { user, system } = process.cpuUsage(before)
  const seconds = (user + system) / 1e6
  process.stderr.write(`acceptance: ${speed.events} events of the shop in ${seconds.toFixed(1)} s of processor time\n`)
  expect(speed.events).toBe(MILLION)
  expect(seconds).toBeLessThan(30)
})
