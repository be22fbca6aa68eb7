/** Takes the fields of a layout one after the other: writes them down, or only their names for the documentation. */
export interface Sink {
  /** Whole number from 0 to 2^53, in one to eight bytes: seven bits a byte, least significant first. */
  uint(name: string, value: number): void
  /** An instant in ms or NEVER (-1), six bytes. */
  time(name: string, value: number): void
  /** A 48-bit hash, six bytes. */
  hash(name: string, value: number): void
  /** One byte. */
  byte(name: string, value: number): void
  /** 32 bits as an unsigned number, four bytes. */
  word(name: string, value: number): void
  float32(name: string, value: number): void
  float64(name: string, value: number): void
  /** One float64 for each half-life. */
  decayed(name: string, halfLivesDays: readonly number[], sums: readonly number[]): void
}

const TWO_32 = 0x1_0000_0000

/** Bytes that a Writer allocates at once: one for many states, because small buffers are dear to make and to collect. */
const SLAB = 65_536

/** Writes value after value into slabs; `take` gives what was written since the last one, without copying it. */
export class Writer implements Sink {
  private bytes = new Uint8Array(SLAB)
  private view = new DataView(this.bytes.buffer)
  private from = 0
  private at = 0

  take(): Uint8Array {
    const taken = this.bytes.subarray(this.from, this.at)
    this.from = this.at
    return taken
  }

  uint(_name: string, value: number): void {
    this.room(8)
    let rest = value
    while (rest > 0x7fffffff) {
      this.bytes[this.at++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    // Whole 31-bit numbers can be shifted, which is quicker than dividing.
    let low = rest | 0
    while (low >= 0x80) {
      this.bytes[this.at++] = (low & 0x7f) | 0x80
      low >>>= 7
    }
    this.bytes[this.at++] = low
  }

  time(_name: string, value: number): void {
    this.sixBytes(value + 1)
  }

  hash(_name: string, value: number): void {
    this.sixBytes(value)
  }

  byte(_name: string, value: number): void {
    this.room(1)
    this.bytes[this.at++] = value
  }

  word(_name: string, value: number): void {
    this.room(4)
    this.view.setUint32(this.at, value)
    this.at += 4
  }

  float32(_name: string, value: number): void {
    this.room(4)
    this.view.setFloat32(this.at, value)
    this.at += 4
  }

  float64(_name: string, value: number): void {
    this.room(8)
    this.view.setFloat64(this.at, value)
    this.at += 8
  }

  decayed(name: string, _halfLivesDays: readonly number[], sums: readonly number[]): void {
    for (let i = 0; i < sums.length; i++) this.float64(name, sums[i]!)
  }

  /** The first bytes of others, as they are. */
  copy(from: Uint8Array, length: number): void {
    this.room(length)
    this.bytes.set(length === from.length ? from : from.subarray(0, length), this.at)
    this.at += length
  }

  private sixBytes(value: number): void {
    this.room(6)
    this.view.setUint16(this.at, Math.floor(value / TWO_32))
    this.view.setUint32(this.at + 2, value % TWO_32)
    this.at += 6
  }

  private room(bytes: number): void {
    if (this.at + bytes <= this.bytes.length) return
    const begun = this.bytes.subarray(this.from, this.at)
    this.bytes = new Uint8Array(Math.max(SLAB, 2 * (begun.length + bytes)))
    this.bytes.set(begun)
    this.view = new DataView(this.bytes.buffer)
    this.from = 0
    this.at = begun.length
  }
}

/** Reads what a Writer wrote. A value that ends early throws a RangeError. */
export class Reader {
  private readonly view: DataView
  private at = 0

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get left(): number {
    return this.bytes.length - this.at
  }

  /** What was not read yet; a view, no copy. */
  rest(): Uint8Array {
    return this.bytes.subarray(this.at)
  }

  uint(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.view.getUint8(this.at++)
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 0x80
    }
  }

  time(): number {
    return this.sixBytes() - 1
  }

  hash(): number {
    return this.sixBytes()
  }

  byte(): number {
    return this.view.getUint8(this.at++)
  }

  word(): number {
    this.at += 4
    return this.view.getUint32(this.at - 4)
  }

  float32(): number {
    this.at += 4
    return this.view.getFloat32(this.at - 4)
  }

  float64(): number {
    this.at += 8
    return this.view.getFloat64(this.at - 8)
  }

  decayed(halfLivesDays: readonly number[]): readonly number[] {
    const sums = new Array<number>(halfLivesDays.length)
    for (let i = 0; i < sums.length; i++) sums[i] = this.float64()
    return sums
  }

  private sixBytes(): number {
    this.at += 6
    return this.view.getUint16(this.at - 6) * TWO_32 + this.view.getUint32(this.at - 4)
  }
}

/** One row of the documented layout. */
export interface LayoutRow {
  readonly group: string
  readonly field: string
  readonly bytes: string
}

/** Names the fields that a layout walks, for the documentation. */
export class Describer implements Sink {
  readonly rows: LayoutRow[] = []
  group = ''

  uint(name: string): void {
    this.row(name, '1-8')
  }

  time(name: string): void {
    this.row(name, '6')
  }

  hash(name: string): void {
    this.row(name, '6')
  }

  byte(name: string): void {
    this.row(name, '1')
  }

  word(name: string): void {
    this.row(name, '4')
  }

  float32(name: string): void {
    this.row(name, '4')
  }

  float64(name: string): void {
    this.row(name, '8')
  }

  decayed(name: string, halfLivesDays: readonly number[]): void {
    for (const days of halfLivesDays) this.row(`${name}, half-life ${days} d`, '8')
  }

  private row(field: string, bytes: string): void {
    this.rows.push({ group: this.group, field, bytes })
  }
}
