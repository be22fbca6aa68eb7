import { compressSync } from 'snappy'
import { expect, test } from 'vitest'
import { lz4Codec, snappyCodec, zstdCodec } from './codecs.ts'

const plain = Buffer.from('the same words again, the same words again. '.repeat(5000))

test.each([
  ['snappy', snappyCodec],
  ['lz4', lz4Codec],
])('%s gives back what it took, smaller in between', async (_, codec) => {
  const packed = await codec.compress({ buffer: plain })
  expect(packed.length).toBeLessThan(plain.length / 2)
  expect((await codec.decompress(packed)).equals(plain)).toBe(true)
})

test('snappy is read raw, and in several Xerial blocks', async () => {
  expect((await snappyCodec.decompress(compressSync(plain))).equals(plain)).toBe(true)
  const [first, second] = [plain.subarray(0, 30_000), plain.subarray(30_000)].map((part) => compressSync(part))
  const framed = await snappyCodec.compress({ buffer: Buffer.alloc(0) })
  const header = framed.subarray(0, 16)
  const withLength = (block: Buffer = Buffer.alloc(0)) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(block.length)
    return Buffer.concat([length, block])
  }
  const whole = Buffer.concat([header, withLength(first), withLength(second)])
  expect((await snappyCodec.decompress(whole)).equals(plain)).toBe(true)
  for (const cut of [1, 3, 7]) {
    await expect(snappyCodec.decompress(whole.subarray(0, whole.length - cut))).rejects.toThrow('ends within the block')
  }
  const cutInLength = Buffer.concat([header, withLength(first), Buffer.alloc(2)])
  await expect(snappyCodec.decompress(cutInLength)).rejects.toThrow('ends within the block')
})

test('zstd is read, from the frame that the zstd tool writes', async () => {
  // printf 'holdfast holdfast holdfast holdfast holdfast' | zstd -19
  const frame = Buffer.from('28b52ffd04687d000048686f6c64666173742001004896234a358203', 'hex')
  expect((await zstdCodec.decompress(frame)).toString()).toBe('holdfast holdfast holdfast holdfast holdfast')
  await expect(zstdCodec.compress({ buffer: plain })).rejects.toThrow('not written')
})
