/**
 * Random numbers that can be split: one independent stream for each (seed, index), so that a customer's life depends on
 * nothing but the seed and the customer's own number.
 *
 * Generator: sfc32 (Chris Doty-Humphrey, PractRand), 128 bits of state, 32 bits a draw. Seeding: murmur3's finaliser over
 * a Weyl sequence, then the twelve draws that sfc32's author recommends to throw away.
 */
export class Rng {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number, index: number) {
    // The upper halves count too: seeds and indexes are safe integers, not 32-bit ones.
    let weyl = Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul(Math.floor(seed / 0x1_0000_0000), 0x85ebca77)
    const word = (salt: number): number => {
      weyl = (weyl + 0x9e3779b9) | 0
      return mix(mix(weyl) ^ mix(salt))
    }
    this.#a = word(index | 0)
    this.#b = word(Math.floor(index / 0x1_0000_0000))
    this.#c = word(index ^ 0x5bd1e995)
    for (let i = 0; i < 12; i++) this.uint32()
  }

  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  /** Uniform in the open interval (0, 1): never 0, so its logarithm is finite. */
  uniform(): number {
    return (this.uint32() + 0.5) / 0x1_0000_0000
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.uniform()
  }

  chance(probability: number): boolean {
    return this.uniform() < probability
  }

  /** Exponential with mean 1. */
  exponential(): number {
    return -Math.log(this.uniform())
  }

  /** Standard normal (Box and Muller 1958); one of the pair is thrown away, which keeps the generator without memory. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(this.uniform())) * Math.cos(2 * Math.PI * this.uniform())
  }

  /**
   * Gamma with the given shape and mean. Marsaglia and Tsang, "A simple method for generating gamma variables", ACM
   * TOMS 26 (2000); shapes below 1 through their boost U^(1/shape).
   */
  gamma(shape: number, mean: number): number {
    const scale = mean / shape
    if (shape < 1) return this.gamma(shape + 1, (shape + 1) * scale) * this.uniform() ** (1 / shape)
    const d = shape - 1 / 3
    const c = 1 / Math.sqrt(9 * d)
    for (;;) {
      const x = this.normal()
      const v = (1 + c * x) ** 3
      if (v > 0 && Math.log(this.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v * scale
    }
  }

  /** Index drawn in proportion to the weights, which sum to `total`. */
  weighted(weights: ArrayLike<number>, total: number): number {
    let left = this.uniform() * total
    for (let i = 0; i < weights.length - 1; i++) {
      left -= weights[i] ?? 0
      if (left < 0) return i
    }
    return weights.length - 1
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[Math.floor(this.uniform() * items.length)] ?? items[0]
  }
}

function mix(h: number): number {
  let x = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return x ^ (x >>> 16)
}
