import { expect, test } from 'vitest'
import { Packer } from './pack.ts'

test('a packer grows as it must, by a little and by much', () => {
  const packer = new Packer()
  const parts: Buffer[] = []
  for (const length of [0, 1, 2, 255, 3, 60_000, 200_000]) {
    const bytes = Buffer.alloc(length, length % 251)
    const measure = Buffer.alloc(4)
    measure.writeUInt32BE(length)
    packer.raw32(bytes)
    parts.push(measure, bytes)
  }
  expect(packer.packed.equals(Buffer.concat(parts))).toBe(true)
})

test('what is packed stays as it is while more is', () => {
  const packer = new Packer()
  packer.text16('first')
  const first = packer.packed
  packer.text16('other')
  expect([first.toString('latin1'), packer.packed.toString('latin1')]).toEqual([
    '\0\x05first',
    '\0\x05first\0\x05other',
  ])
})

test('texts are measured in bytes', () => {
  const packer = new Packer()
  packer.text8('é')
  packer.text16('🙂')
  packer.text32('ab')
  expect(packer.packed.toString('hex')).toBe('02c3a9' + '0004f09f9982' + '000000026162')
})

test('a length that does not fit is refused', () => {
  const packer = new Packer()
  expect(() => packer.text8('a'.repeat(256))).toThrow(RangeError)
  expect(() => packer.text16('é'.repeat(32_768))).toThrow(RangeError)
  expect(() => packer.raw16(new Uint8Array(65_536))).toThrow(RangeError)
})
