/**
 * Packed arguments of the commit script. One long argument that Lua cuts up costs a fraction of several short ones a
 * customer. Numbers are big-endian; lengths are in bytes.
 *
 *   customer  u16 id, u16 state, u16 timeline, u8 flags, f64 due, f64 priority, then id, state, timeline
 *   profile   u16 id, u32 profile, then id, profile
 *   counter   u16 name, f64 change, then name
 *   outbox    u8 kind, u32 header, u32 value, then kind, header, value
 */
export class Packer {
  private bytes: Buffer
  private at = 0

  constructor(capacity = 65_536) {
    this.bytes = Buffer.allocUnsafe(capacity)
  }

  /** What was packed since the last take. */
  take(): Buffer {
    const taken = this.bytes.subarray(0, this.at)
    this.at = 0
    // A command may still be on its way to the socket when the next commit is packed: that one gets a buffer of its own.
    this.bytes = Buffer.allocUnsafe(Math.max(65_536, taken.length))
    return taken
  }

  u8(value: number): void {
    this.room(1)
    this.at = this.bytes.writeUInt8(value, this.at)
  }

  u16(value: number): void {
    this.room(2)
    this.at = this.bytes.writeUInt16BE(value, this.at)
  }

  u32(value: number): void {
    this.room(4)
    this.at = this.bytes.writeUInt32BE(value, this.at)
  }

  f64(value: number): void {
    this.room(8)
    this.at = this.bytes.writeDoubleBE(value, this.at)
  }

  raw(value: Uint8Array): void {
    this.room(value.length)
    this.bytes.set(value, this.at)
    this.at += value.length
  }

  text(value: string, length: number): void {
    this.room(length)
    this.at += this.bytes.write(value, this.at, 'utf8')
  }

  private room(bytes: number): void {
    if (this.at + bytes <= this.bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.at + bytes))
    this.bytes.copy(larger, 0, 0, this.at)
    this.bytes = larger
  }
}
