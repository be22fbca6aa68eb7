import { expect, test } from 'vitest'
import { InFlight } from './in-flight.ts'

test('there is room up to the limit, and again once something is let go', () => {
  const inFlight = new InFlight(100)
  const first = inFlight.hold(60)
  expect(inFlight.hold(41)).toBeUndefined()
  expect(inFlight.hold(40)).toBeDefined()
  first?.release()
  expect(inFlight.bytes).toBe(40)
  expect(inFlight.hold(60)).toBeDefined()
})

test('what is larger than the house is taken when it is empty', () => {
  const inFlight = new InFlight(100)
  const giant = inFlight.hold(1_000)
  expect(giant).toBeDefined()
  expect(inFlight.hold(1)).toBeUndefined()
})

test('room is kept until the work that needs it has settled, well or badly', async () => {
  const inFlight = new InFlight(100)
  const hold = inFlight.hold(60)
  let fail: (error: Error) => void = () => {}
  hold?.until(new Promise((_, reject) => (fail = reject)))
  hold?.release()
  hold?.release()
  expect(inFlight.bytes).toBe(60)
  fail(new Error('no'))
  await expect.poll(() => inFlight.bytes).toBe(0)
})
