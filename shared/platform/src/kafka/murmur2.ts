const SEED = 0x9747b28c
const M = 0x5bd1e995

/** Murmur2 as in Java's `org.apache.kafka.common.utils.Utils.murmur2`: a signed 32-bit integer. */
export function murmur2(data: Uint8Array): number {
  const length = data.length
  const whole = length & ~3
  let h = SEED ^ length
  for (let i = 0; i < whole; i += 4) {
    let k = data[i]! | (data[i + 1]! << 8) | (data[i + 2]! << 16) | (data[i + 3]! << 24)
    k = Math.imul(k, M)
    k ^= k >>> 24
    h = Math.imul(h, M) ^ Math.imul(k, M)
  }
  const left = length - whole
  if (left === 3) h ^= data[whole + 2]! << 16
  if (left >= 2) h ^= data[whole + 1]! << 8
  if (left >= 1) h = Math.imul(h ^ data[whole]!, M)
  h = Math.imul(h ^ (h >>> 13), M)
  return h ^ (h >>> 15)
}

/** The partition that Java's and kafkajs's default partitioners give a key; `count` is the topic's number of partitions. */
export function murmur2Partition(key: Uint8Array, count: number): number {
  return (murmur2(key) & 0x7fffffff) % count
}
