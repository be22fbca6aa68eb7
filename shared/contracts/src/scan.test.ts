import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ABSENT, FALSE, NUMBER, OBJECT, Scan, TEXT, TRUE } from './scan.ts'

const [A, LONG, DATA, X, Y] = [0, 1, 2, 3, 4] as const
const NAMES = ['a', 'longer', 'data']
const INNER = ['x', 'y']
const newScan = () => new Scan(NAMES, DATA, INNER)
const isPlain = (text: string) => newScan().scan(Buffer.from(text))

test('members are found wherever they stand, with what stands there', () => {
  const scan = newScan()
  expect(scan.scan(Buffer.from('{"longer":"","b":1,"data":{"z":"","y":-1.5e3}, "a" :\n"b c"}'))).toBe(true)
  expect([A, LONG, DATA, X, Y].map((member) => scan.kind(member))).toEqual([TEXT, TEXT, OBJECT, ABSENT, NUMBER])
  expect([scan.text(A), scan.text(LONG), scan.text(Y)]).toEqual(['b c', '', '-1.5e3'])
  expect(scan.length(A)).toBe(3)
  expect(['b c', 'b d', 'b', ''].map((text) => scan.is(A, text))).toEqual([true, false, false, false])
  expect(scan.is(LONG, '')).toBe(true)
})

test('what one document said is forgotten with the next', () => {
  const scan = newScan()
  expect(scan.scan(Buffer.from('{"a":"b","data":{"x":true}}'))).toBe(true)
  expect(scan.scan(Buffer.from('{"data":{"y":false},"longer":null}'))).toBe(true)
  expect([A, X].map((member) => scan.kind(member))).toEqual([ABSENT, ABSENT])
  expect(scan.kind(Y)).toBe(FALSE)
  expect([TRUE, FALSE, ABSENT]).not.toContain(scan.kind(LONG))
})

describe('no plain document is one', () => {
  test.each([
    ...['', ' ', '{', '{}}', '{},', '{"a"}', '{"a":}', '{"a":"b",}', '{,"a":1}', '{"a":1 "longer":2}', '[{}]', '"a"'],
    ...['{"a":"b}', '{"a":"\\n"}', '{"\\u0061":1}', '{"a":"\t"}', '{"a":"é"}', '{"a":1,"a":2}', '{"a":{}}', '{"b":[]}'],
    ...['{"data":{"x":{}}}', '{"data":{},"data":{}}', '{"data":{"x":1,"x":1}}', '{"data":{"a":{}}', '{"data":{}'],
    ...['{"a":01}', '{"a":+1}', '{"a":1.}', '{"a":.5}', '{"a":1e}', '{"a":-}', '{"a":NaN}', '{"a":truth}', '{"a":nul}'],
    ...['\uFEFF{}', ' {}', '{} {}', '{} \0'],
  ])('%s', (text) => {
    expect(isPlain(text)).toBe(false)
  })

  test('nor is one with bytes that are no UTF-8, where nobody asks for them either', () => {
    expect(newScan().scan(Buffer.from([...Buffer.from('{"b":"'), 0xed, 0xa0, 0x80, ...Buffer.from('"}')]))).toBe(false)
    expect(isPlain('{"b":"é€🙂","ü":1}')).toBe(true)
  })
})

/** JSON as people write it, and some that is none: tokens of every kind in an order that is often right. */
const member = fc.tuple(
  fc.constantFrom('"a"', '"longer"', '"data"', '"x"', '"y"', '"ü"', '""', '"longel"', '"\\u0061"'),
  fc.constantFrom(':', ' : ', ':\n', '', '::'),
  fc.oneof(
    fc.constantFrom(
      '""',
      '"b"',
      '"b c/d"',
      '"é"',
      '"\\""',
      '"\u0001"',
      'true',
      'false',
      'null',
      '{}',
      '[]',
      '[1]',
      'x',
      '',
    ),
    fc.jsonValue().map((value) => JSON.stringify(value)),
    fc.double().map(String),
    fc.constantFrom('0', '-0', '00', '1.5', '1e5', '1E-5', '-', '1.e1', '0x1', '9'.repeat(30)),
  ),
)
const object = (members: fc.Arbitrary<readonly (readonly string[])[]>) =>
  fc
    .tuple(members, fc.constantFrom(',', ',', ', ', ' ,\t', ',,', ''))
    .map(([list, comma]) => `{${list.map((parts) => parts.join('')).join(comma)}}`)
const inner = object(fc.array(member, { maxLength: 3 }))
const outer = object(
  fc.array(
    fc.oneof(
      member,
      inner.map((text) => ['"data"', ':', text] as const),
    ),
    { maxLength: 4 },
  ),
)

test('of every document it takes, JSON.parse says the same', () => {
  const scan = newScan()
  let taken = 0
  const valueAt = (at: number): unknown => {
    const kind = scan.kind(at)
    if (kind === TEXT) return scan.text(at)
    if (kind === NUMBER) return Number(scan.text(at))
    return kind === TRUE ? true : kind === FALSE ? false : kind === ABSENT ? undefined : null
  }
  fc.assert(
    fc.property(outer, (text) => {
      const bytes = Buffer.from(text)
      if (!scan.scan(bytes)) return
      taken++
      const parsed = JSON.parse(text)
      const data = scan.kind(DATA) === OBJECT ? parsed.data : {}
      expect([valueAt(A), valueAt(LONG), valueAt(X), valueAt(Y)]).toEqual([parsed.a, parsed.longer, data.x, data.y])
      if (scan.kind(DATA) !== OBJECT) expect(valueAt(DATA)).toEqual(parsed.data)
    }),
    { numRuns: 20_000 },
  )
  expect(taken).toBeGreaterThan(1_000)
})
