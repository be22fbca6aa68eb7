import { murmur2Partition } from '@holdfast/platform'
import { aPurchase } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { isAtHome } from './input-records.ts'

const PARTITIONS = 4

function record(partition: number, key: string | null, value: string | null) {
  const place = { topic: 'customer.purchases', partition, offset: 0, timestamp: 0, headers: {} }
  return { ...place, key: key === null ? null : Buffer.from(key), value: value === null ? null : Buffer.from(value) }
}

test('an event counts where its customer lives, and under a key, whatever the key is', () => {
  const { key, json } = aPurchase({ customerId: 'cust-7' })
  const home = murmur2Partition(Buffer.from(key), PARTITIONS)
  expect(isAtHome(record(home, key, json), PARTITIONS)).toBe(true)
  expect(isAtHome(record(home, 'another', json), PARTITIONS)).toBe(true)
  expect(isAtHome(record(home, null, json), PARTITIONS)).toBe(false)
  expect(isAtHome(record((home + 1) % PARTITIONS, key, json), PARTITIONS)).toBe(false)
})

test('what is no event is counted where it stands', () => {
  for (const value of [null, '{', '[]', '{"subject":5}'])
    expect(isAtHome(record(0, null, value), PARTITIONS)).toBe(true)
})
