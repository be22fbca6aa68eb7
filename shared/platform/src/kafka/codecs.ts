import { decompress as zstdDecompress } from 'fzstd'
import kafkajs from 'kafkajs'
import { compressFrame, decompressFrame } from 'lz4-napi'
import { compress as snappyCompress, uncompress as snappyUncompress } from 'snappy'
import { HoldfastError } from '../errors.ts'

/** What kafkajs asks of a codec; its encoder carries the bytes in `buffer`. */
interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>
  decompress(bytes: Buffer): Promise<Buffer>
}

/**
 * Teaches kafkajs to read snappy, lz4 and zstd batches, and to write the first two; gzip it knows. Its table of codecs is
 * one for the process, so this is called once, before the first consumer or producer.
 */
export function registerCodecs(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs
  CompressionCodecs[CompressionTypes.Snappy] = () => snappyCodec
  CompressionCodecs[CompressionTypes.LZ4] = () => lz4Codec
  CompressionCodecs[CompressionTypes.ZSTD] = () => zstdCodec
}

/** Java's producers frame snappy as Xerial's library does: this magic, two versions of 4 bytes, then blocks, each after its length. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const XERIAL_HEADER = Buffer.concat([XERIAL_MAGIC, Buffer.from([0, 0, 0, 1, 0, 0, 0, 1])])

export const snappyCodec: Codec = {
  async compress({ buffer }) {
    const block = await snappyCompress(buffer)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(block.length)
    return Buffer.concat([XERIAL_HEADER, length, block])
  },
  async decompress(bytes) {
    if (!bytes.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return asBuffer(await snappyUncompress(bytes))
    return Buffer.concat(await Promise.all(xerialBlocks(bytes).map(async (b) => asBuffer(await snappyUncompress(b)))))
  },
}

function xerialBlocks(bytes: Buffer): Buffer[] {
  const blocks: Buffer[] = []
  for (let at = XERIAL_HEADER.length; at < bytes.length; ) {
    const start = at + 4
    const end = start <= bytes.length ? start + bytes.readUInt32BE(at) : Number.POSITIVE_INFINITY
    if (end > bytes.length) {
      throw new HoldfastError({
        code: 'KAFKA_BATCH_DAMAGED',
        message: `a snappy batch of ${bytes.length} bytes ends within the block at byte ${at}`,
        cure: 'look at the producer that wrote it; the bytes in the log are not whole.',
      })
    }
    blocks.push(bytes.subarray(start, end))
    at = end
  }
  return blocks
}

export const lz4Codec: Codec = {
  compress: ({ buffer }) => compressFrame(buffer),
  decompress: (bytes) => decompressFrame(bytes),
}

export const zstdCodec: Codec = {
  async compress() {
    throw new HoldfastError({
      code: 'KAFKA_ZSTD_WRITE',
      message: 'zstd batches can be read but not written',
      cure: 'produce with gzip, snappy or lz4.',
    })
  },
  async decompress(bytes) {
    const plain = zstdDecompress(bytes)
    return Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength)
  },
}

/** snappy answers text only when asked to; its type says it might. */
function asBuffer(plain: string | Buffer): Buffer {
  return typeof plain === 'string' ? Buffer.from(plain) : plain
}
