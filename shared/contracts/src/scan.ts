import { isUtf8 } from 'node:buffer'

/** What stands at a member. Small numbers, because hundreds of thousands are noted a second; 0 is what each is at first. */
export const ABSENT = 0
export const TEXT = 1
export const NUMBER = 2
export const TRUE = 3
export const FALSE = 4
const NULL = 5
export const OBJECT = 6

const WORDS = [
  { kind: TRUE, bytes: Buffer.from('true') },
  { kind: FALSE, bytes: Buffer.from('false') },
  { kind: NULL, bytes: Buffer.from('null') },
] as const

const [SPACE, QUOTE, PLUS, COMMA, MINUS, DOT, ZERO, NINE] = [32, 34, 43, 44, 45, 46, 48, 57] as const
const [COLON, UPPER_E, BACKSLASH, LOWER_E, OPEN, CLOSE] = [58, 69, 92, 101, 123, 125] as const

/** A name that nobody asks for. */
const UNNAMED = -1

/**
 * Finds the members of a JSON object in its bytes, and builds nothing of it. It understands plain documents: an object with
 * texts without escapes, numbers, true, false and null, and one object more in it of the same; each member that is asked for is
 * there at most once, and what it says is ASCII. Of any other it says just that, and JSON.parse is there for these.
 *
 * What the members say may be asked for once `scan` has answered true, of those whose kind is not ABSENT.
 */
export class Scan {
  private bytes: Buffer = Buffer.alloc(0)
  private readonly kinds: Uint8Array
  private readonly from: Int32Array
  private readonly to: Int32Array
  private readonly outer: Names
  private readonly inner: Names
  /** Whether the text that was passed last holds anything but ASCII. */
  private isBeyondAscii = false

  /**
   * Members are known by number: those of the object from 0 in their order, then those of the object in it.
   * @param holder number of the member that may be an object
   */
  constructor(
    names: readonly string[],
    private readonly holder: number,
    innerNames: readonly string[],
  ) {
    const count = names.length + innerNames.length
    this.kinds = new Uint8Array(count)
    this.from = new Int32Array(count)
    this.to = new Int32Array(count)
    this.outer = new Names(names, 0)
    this.inner = new Names(innerNames, names.length)
  }

  /** What stands at a member of the document scanned last. */
  kind(member: number): number {
    return this.kinds[member]!
  }

  /** Characters of a text. */
  length(member: number): number {
    return this.to[member]! - this.from[member]!
  }

  /** A text without its quotes, or a number's characters. */
  text(member: number): string {
    return this.bytes.toString('latin1', this.from[member], this.to[member])
  }

  /** Whether a text is this one, in ASCII. */
  is(member: number, text: string): boolean {
    if (this.length(member) !== text.length) return false
    const { bytes } = this
    const from = this.from[member]!
    for (let i = 0; i < text.length; i++) if (bytes[from + i] !== text.charCodeAt(i)) return false
    return true
  }

  /** Whether the document is a plain one. One loop for both objects, as a call for each byte would take longer than the bytes. */
  scan(bytes: Buffer): boolean {
    const { kinds, from, to, holder } = this
    this.bytes = bytes
    kinds.fill(ABSENT)
    let names = this.outer
    let needsCheck = false
    if (bytes[0] !== OPEN) return false
    let at = behindSpace(bytes, 1)
    let isEmpty = bytes[at] === CLOSE
    for (;;) {
      if (!isEmpty) {
        if (bytes[at] !== QUOTE) return false
        const nameTo = this.endOfText(bytes, at + 1)
        if (nameTo < 0) return false
        needsCheck ||= this.isBeyondAscii
        const member = names.find(bytes, at + 1, nameTo)
        const isNamed = member !== UNNAMED
        if (isNamed && kinds[member] !== ABSENT) return false
        at = behindSpace(bytes, nameTo + 1)
        if (bytes[at] !== COLON) return false
        at = behindSpace(bytes, at + 1)
        const first = bytes[at]
        if (first === QUOTE) {
          const end = this.endOfText(bytes, at + 1)
          if (end < 0 || (isNamed && this.isBeyondAscii)) return false
          needsCheck ||= this.isBeyondAscii
          if (isNamed) {
            kinds[member] = TEXT
            from[member] = at + 1
            to[member] = end
          }
          at = end + 1
        } else if (first === OPEN) {
          if (member !== holder) return false
          kinds[member] = OBJECT
          names = this.inner
          at = behindSpace(bytes, at + 1)
          isEmpty = bytes[at] === CLOSE
          continue
        } else {
          const word = wordAt(bytes, at)
          const end = word === undefined ? endOfNumber(bytes, at) : at + word.bytes.length
          if (end < 0) return false
          if (isNamed) {
            kinds[member] = word?.kind ?? NUMBER
            from[member] = at
            to[member] = end
          }
          at = end
        }
        at = behindSpace(bytes, at)
      }
      isEmpty = false
      while (bytes[at] === CLOSE) {
        at++
        at = behindSpace(bytes, at)
        if (names === this.outer) return at === bytes.length && (!needsCheck || isUtf8(bytes))
        names = this.outer
      }
      if (bytes[at] !== COMMA) return false
      at = behindSpace(bytes, at + 1)
    }
  }

  /** Place of the quote that ends a text; -1 where an escape or a control character is in it, or none ends it. */
  private endOfText(bytes: Uint8Array, from: number): number {
    let bits = 0
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at]!
      if (byte === QUOTE) {
        this.isBeyondAscii = bits > 127
        return at
      }
      if (byte < SPACE || byte === BACKSLASH) return -1
      bits |= byte
    }
    return -1
  }
}

/** Finds a name among few: length and ends tell nearly all apart. */
class Names {
  private readonly buckets: number[][] = Array.from({ length: 256 }, () => [])
  private readonly bytes: Uint8Array[] = []

  /** @param first number of the first name */
  constructor(
    names: readonly string[],
    private readonly first: number,
  ) {
    for (const name of names) {
      const bytes = Buffer.from(name)
      this.bucketOf(bytes, 0, bytes.length).push(this.bytes.push(bytes) - 1)
    }
  }

  find(bytes: Uint8Array, from: number, to: number): number {
    const bucket = this.bucketOf(bytes, from, to)
    for (let i = 0; i < bucket.length; i++) {
      const place = bucket[i]!
      const name = this.bytes[place]!
      if (name.length === to - from && isAt(bytes, from, name)) return this.first + place
    }
    return UNNAMED
  }

  private bucketOf(bytes: Uint8Array, from: number, to: number): number[] {
    return this.buckets[to === from ? 0 : ((to - from) * 31 + bytes[from]! * 7 + bytes[to - 1]!) & 255]!
  }
}

function isAt(bytes: Uint8Array, from: number, expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[from + i] !== expected[i]) return false
  return true
}

/** The next place that holds no white space as JSON knows it. */
function behindSpace(bytes: Uint8Array, from: number): number {
  let at = from
  for (let byte = bytes[at]; byte === SPACE || byte === 10 || byte === 13 || byte === 9; byte = bytes[at]) at++
  return at
}

function wordAt(bytes: Uint8Array, at: number) {
  return WORDS.find((word) => isAt(bytes, at, word.bytes))
}

/** Behind a number as JSON writes it (RFC 8259, 6); -1 where there is none. What follows it is the caller's to judge. */
function endOfNumber(bytes: Uint8Array, from: number): number {
  const whole = bytes[from] === MINUS ? from + 1 : from
  let at = behindDigits(bytes, whole)
  if (at === whole || (bytes[whole] === ZERO && at > whole + 1)) return -1
  if (bytes[at] === DOT) {
    const fraction = at + 1
    at = behindDigits(bytes, fraction)
    if (at === fraction) return -1
  }
  if (bytes[at] === LOWER_E || bytes[at] === UPPER_E) {
    const exponent = bytes[at + 1] === PLUS || bytes[at + 1] === MINUS ? at + 2 : at + 1
    at = behindDigits(bytes, exponent)
    if (at === exponent) return -1
  }
  return at
}

function behindDigits(bytes: Uint8Array, from: number): number {
  let at = from
  while (bytes[at]! >= ZERO && bytes[at]! <= NINE) at++
  return at
}
