import { expect, test } from 'vitest'
import { Rng } from './rng.ts'

const draws = (rng: Rng, count: number, draw: (rng: Rng) => number): number[] =>
  Array.from({ length: count }, () => draw(rng))
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
const variance = (values: readonly number[]): number => {
  const centre = mean(values)
  return mean(values.map((value) => (value - centre) ** 2))
}

test('the same seed and index give the same stream, any other index another', () => {
  const stream = (seed: number, index: number) => draws(new Rng(seed, index), 8, (rng) => rng.uint32()).join()
  expect(stream(1, 7)).toBe(stream(1, 7))
  const streams = new Set<string>()
  for (let seed = 0; seed < 20; seed++) for (let index = 0; index < 500; index++) streams.add(stream(seed, index))
  expect(streams.size).toBe(10_000)
  expect(stream(1, 7)).not.toBe(stream(1, 7 + 0x1_0000_0000))
  expect(stream(1, 7)).not.toBe(stream(1 + 0x1_0000_0000, 7))
})

test('neighbouring streams do not resemble each other', () => {
  const first = Array.from({ length: 20_000 }, (_, index) => new Rng(1, index).uniform() - 0.5)
  const correlation = mean(first.slice(1).map((value, i) => value * (first[i] ?? 0))) / variance(first)
  expect(Math.abs(correlation)).toBeLessThan(0.03)
  expect(mean(first)).toBeCloseTo(0, 1)
})

test('uniform, exponential and normal have their moments', () => {
  const rng = new Rng(5, 0)
  const uniform = draws(rng, 100_000, (r) => r.uniform())
  expect(Math.min(...uniform.slice(0, 50_000))).toBeGreaterThan(0)
  expect(mean(uniform)).toBeCloseTo(0.5, 2)
  expect(variance(uniform)).toBeCloseTo(1 / 12, 2)
  const exponential = draws(rng, 100_000, (r) => r.exponential())
  expect(Math.abs(mean(exponential) - 1)).toBeLessThan(0.015)
  expect(Math.abs(variance(exponential) - 1)).toBeLessThan(0.05)
  const normal = draws(rng, 100_000, (r) => r.normal())
  expect(Math.abs(mean(normal))).toBeLessThan(0.015)
  expect(Math.abs(variance(normal) - 1)).toBeLessThan(0.03)
})

test.each([0.5, 1, 3.5])('gamma with shape %d has its mean and its variance', (shape) => {
  const values = draws(new Rng(9, 1), 100_000, (rng) => rng.gamma(shape, 2))
  expect(Math.abs(mean(values) / 2 - 1)).toBeLessThan(0.02)
  expect(Math.abs((variance(values) * shape) / 4 - 1)).toBeLessThan(0.06)
})

test('weights are kept', () => {
  const rng = new Rng(3, 3)
  const counts = [0, 0, 0]
  for (let i = 0; i < 60_000; i++) {
    const drawn = rng.weighted([1, 0, 2], 3)
    counts[drawn] = (counts[drawn] ?? 0) + 1
  }
  expect(counts[1]).toBe(0)
  expect(Math.abs((counts[2] ?? 0) / 60_000 - 2 / 3)).toBeLessThan(0.01)
})
