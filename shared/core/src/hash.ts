const MASK_16 = 0xffff

/**
 * 48-bit hash of a text, as an integer below 2^48: two multiplicative lanes over the UTF-16 code units, finished with
 * murmur3's mixing constants. Ids enter a customer's state only through this; it protects no secret.
 */
export function hash48(text: string, seed = 0): number {
  let a = 0xdeadbeef ^ seed
  let b = 0x41c6ce57 ^ seed
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    a = Math.imul(a ^ unit, 0x9e3779b1)
    b = Math.imul(b ^ unit, 0x5f356495)
  }
  a = mix(a) ^ mix(b ^ text.length)
  b = mix(b) ^ mix(a)
  return (b & MASK_16) * 0x1_0000_0000 + (a >>> 0)
}

function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
