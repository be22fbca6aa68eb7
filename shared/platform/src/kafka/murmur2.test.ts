import kafkajs from 'kafkajs'
import { expect, test } from 'vitest'
import { murmur2, murmur2Partition } from './murmur2.ts'

// From Apache Kafka's own UtilsTest.testMurmur2.
test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('murmur2 of %j is what Java computes', (key, expected) => {
  expect(murmur2(Buffer.from(key))).toBe(expected)
})

test('partitions agree with those of the producer in use, bytes above 127 and odd lengths included', () => {
  const partition = kafkajs.Partitioners.DefaultPartitioner()
  const partitionMetadata = Array.from({ length: 7 }, (_, partitionId) => ({
    partitionId,
    partitionErrorCode: 0,
    leader: 1,
    replicas: [1],
    isr: [1],
  }))
  for (let i = 0; i < 500; i++) {
    const key = Buffer.from(`${'ä€😀'.slice(0, i % 4)}cust-${i}`)
    const theirs = partition({ topic: 't', partitionMetadata, message: { key, value: null } })
    expect(murmur2Partition(key, 7)).toBe(theirs)
  }
})
