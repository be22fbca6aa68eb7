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
  private bytes: Buffer = Buffer.alloc(0)
  private at = 0

  /** What was packed up to now. It stays as it is while more is. */
  get packed(): Buffer {
    return this.bytes.subarray(0, this.at)
  }

  /** Bytes packed up to now. */
  get length(): number {
    return this.at
  }

  /** Takes back what was packed behind so many bytes. */
  cutTo(length: number): void {
    this.at = length
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
    const larger = Buffer.allocUnsafe(Math.max(1_024, this.bytes.length * 2, this.at + bytes))
    this.bytes.copy(larger, 0, 0, this.at)
    this.bytes = larger
  }
}

/** Reads what a `Packer` has packed, in the same order. */
export class Unpacker {
  private at = 0

  constructor(private readonly bytes: Buffer) {}

  get isAtEnd(): boolean {
    return this.at === this.bytes.length
  }

  u8(): number {
    return this.bytes.readUInt8(this.step(1))
  }

  f64(): number {
    return this.bytes.readDoubleBE(this.step(8))
  }

  text8(): string {
    return this.text(this.u8())
  }

  text16(): string {
    return this.text(this.bytes.readUInt16BE(this.step(2)))
  }

  text32(): string {
    return this.text(this.bytes.readUInt32BE(this.step(4)))
  }

  /** The bytes themselves, here and below, not a copy. */
  raw16(): Buffer {
    return this.raw(this.bytes.readUInt16BE(this.step(2)))
  }

  raw32(): Buffer {
    return this.raw(this.bytes.readUInt32BE(this.step(4)))
  }

  private text(length: number): string {
    const from = this.step(length)
    return this.bytes.toString('utf8', from, this.at)
  }

  private raw(length: number): Buffer {
    const from = this.step(length)
    return this.bytes.subarray(from, this.at)
  }

  /** Moves on, and returns where it was. */
  private step(bytes: number): number {
    const from = this.at
    this.at += bytes
    return from
  }
}

/** How one kind of thing is packed and read again. */
export interface Packing<T> {
  pack(packer: Packer, item: T): void
  unpack(unpacker: Unpacker): T
}

/**
 * A list that is packed as it grows. Tens of thousands of customers wait for one commit, and a collection of garbage copies each
 * object that it finds in use; bytes it leaves where they are.
 */
export class PackedList<T> implements Iterable<T> {
  private readonly packer = new Packer()
  private count = 0

  constructor(private readonly packing: Packing<T>) {}

  get length(): number {
    return this.count
  }

  /** @throws RangeError for an item that is larger than its lengths can tell; the list then is as it was. */
  add(item: T): void {
    const before = this.packer.length
    try {
      this.packing.pack(this.packer, item)
    } catch (thrown) {
      this.packer.cutTo(before)
      throw thrown
    }
    this.count++
  }

  get bytes(): Buffer {
    return this.packer.packed
  }

  /** What was added until the first item is asked for. */
  *[Symbol.iterator](): Generator<T, void> {
    const unpacker = new Unpacker(this.bytes)
    while (!unpacker.isAtEnd) yield this.packing.unpack(unpacker)
  }
}
