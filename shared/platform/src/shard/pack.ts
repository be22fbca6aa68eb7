const NOTHING = Buffer.alloc(0)

/**
 * Packed arguments of the commit script: records one after the other, nothing between them. One long argument that Lua cuts
 * up costs a fraction of several short ones a customer. Numbers are big-endian. A length, in bytes, stands right before
 * what it measures, so that Lua's `struct` reads a whole record in one call and refuses one that is cut short.
 *
 *   customer  u8 has an appointment (0, 1), u8 worklist (0 keep, 1 none, 2 at_risk, 3 lapsed), u8 erased (0, 1),
 *             f64 appointment, f64 priority, u16 + id, u16 + state
 *   profile   u16 + id, u32 + profile
 *   counter   f64 change, u16 + name
 *   outbox    u8 + kind, u32 + header, u32 + value
 */
export class Packer {
  private bytes: Buffer
  private at = 0

  constructor(capacity = 65_536) {
    this.bytes = Buffer.allocUnsafe(capacity)
  }

  /** What was packed since the last take. The bytes are the caller's: a command with them may still be on its way. */
  take(): Buffer {
    const taken = this.bytes.subarray(0, this.at)
    this.at = 0
    this.bytes = NOTHING
    return taken
  }

  u8(value: number): void {
    this.room(1)
    this.at = this.bytes.writeUInt8(value, this.at)
  }

  f64(value: number): void {
    this.room(8)
    this.at = this.bytes.writeDoubleBE(value, this.at)
  }

  /** @throws RangeError, here and below, for more bytes than the length can tell. */
  text8(value: string): void {
    const length = Buffer.byteLength(value)
    this.u8(length)
    this.text(value, length)
  }

  text16(value: string): void {
    const length = Buffer.byteLength(value)
    this.u16(length)
    this.text(value, length)
  }

  text32(value: string): void {
    const length = Buffer.byteLength(value)
    this.u32(length)
    this.text(value, length)
  }

  raw16(value: Uint8Array): void {
    this.u16(value.length)
    this.raw(value)
  }

  raw32(value: Uint8Array): void {
    this.u32(value.length)
    this.raw(value)
  }

  private u16(value: number): void {
    this.room(2)
    this.at = this.bytes.writeUInt16BE(value, this.at)
  }

  private u32(value: number): void {
    this.room(4)
    this.at = this.bytes.writeUInt32BE(value, this.at)
  }

  private raw(value: Uint8Array): void {
    this.room(value.length)
    this.bytes.set(value, this.at)
    this.at += value.length
  }

  private text(value: string, length: number): void {
    this.room(length)
    this.at += this.bytes.write(value, this.at, 'utf8')
  }

  private room(bytes: number): void {
    if (this.at + bytes <= this.bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(256, this.bytes.length * 2, this.at + bytes))
    this.bytes.copy(larger, 0, 0, this.at)
    this.bytes = larger
  }
}
