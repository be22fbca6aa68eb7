const MASK_16 = 0xffff

const START_A = 0xdeadbeef
const START_B = 0x41c6ce57
const FACTOR_A = 0x9e3779b1
const FACTOR_B = 0x5f356495

/**
 * 48-bit hash of a text, as an integer below 2^48: two multiplicative lanes over the UTF-16 code units, finished with
 * murmur3's mixing constants. Ids enter a customer's state only through this; it protects no secret.
 */
export function hash48(text: string, seed = 0): number {
  return finish(lane(START_A ^ seed, FACTOR_A, text), lane(START_B ^ seed, FACTOR_B, text), text.length)
}

/** `hash48` of three texts as if they were one, without joining them. */
export function hash48Joined(first: string, second: string, third: string): number {
  const a = lane(lane(lane(START_A, FACTOR_A, first), FACTOR_A, second), FACTOR_A, third)
  const b = lane(lane(lane(START_B, FACTOR_B, first), FACTOR_B, second), FACTOR_B, third)
  return finish(a, b, first.length + second.length + third.length)
}

function lane(start: number, factor: number, text: string): number {
  let h = start
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), factor)
  return h
}

function finish(laneA: number, laneB: number, length: number): number {
  const a = mix(laneA) ^ mix(laneB ^ length)
  const b = mix(laneB) ^ mix(a)
  return (b & MASK_16) * 0x1_0000_0000 + (a >>> 0)
}

function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
