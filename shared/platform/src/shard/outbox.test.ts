import { expect, test } from 'vitest'
import { OUTBOX_KINDS } from './change.ts'
import { parseOutboxEntry } from './outbox.ts'

const stored = (...flat: (string | Buffer)[]): [Buffer, Buffer[]] => [
  Buffer.from('17-0'),
  flat.map((text) => Buffer.from(text)),
]

test.each(OUTBOX_KINDS)('an entry of kind %s is read, its value byte for byte', (kind) => {
  const value = Buffer.of(0, 255, 128)
  expect(parseOutboxEntry(stored('kind', kind, 'header', '{"é":1}', 'value', value))).toEqual({
    id: '17-0',
    kind,
    header: '{"é":1}',
    value,
  })
})

test('an empty value is one', () => {
  expect(parseOutboxEntry(stored('kind', 'job', 'header', '', 'value', '')).value).toEqual(Buffer.alloc(0))
})

test.each([
  [[]],
  [['kind', 'job']],
  [['kind', 'job', 'header', '{}']],
  [['kind', 'errand', 'header', '{}', 'value', '']],
  [['header', 'job', 'kind', '{}', 'value', '']],
])('an entry of %j is somebody else’s', (flat) => {
  expect(() => parseOutboxEntry(stored(...flat))).toThrow(
    expect.objectContaining({ code: 'OUTBOX_BROKEN', message: expect.stringContaining('17-0') }),
  )
})
