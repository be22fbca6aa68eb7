import { expect, test } from 'vitest'
import { outOfRange, startingPositions } from './positions.ts'

const bound = { topic: 'purchases', partition: 2, low: 10, high: 20 }
const at = (offset: number) => ({ topic: 'purchases', partition: 2, offset })

test('both ends of the log are within it', () => {
  expect(outOfRange(at(10), bound)).toBeUndefined()
  expect(outOfRange(at(20), bound)).toBeUndefined()
})

test('an offset outside names topic, partition, both offsets and the cure', () => {
  expect(outOfRange(at(7), bound)).toMatchObject({
    code: 'KAFKA_OFFSET_LOST',
    message:
      'purchases, partition 2: the state reflects the log up to offset 7, and the log now begins at 10: 3 records were deleted unread',
    cure: expect.stringContaining('holdfast rebuild'),
  })
  expect(outOfRange(at(21), bound)).toMatchObject({
    code: 'KAFKA_OFFSET_AHEAD',
    message: expect.stringContaining('up to offset 21, and the log ends at 20'),
  })
})

test('without a stored offset reading starts where the log does', () => {
  const other = { topic: 'support', partition: 2, low: 3, high: 3 }
  expect(startingPositions([at(15)], [bound, other]).map(({ position }) => position)).toEqual([
    at(15),
    { topic: 'support', partition: 2, offset: 3 },
  ])
})
