import { expect, test } from 'vitest'
import { metaFields, originKey, parseMeta, partitionCountField } from './shard-meta.ts'

test('fields that a commit writes are read back', () => {
  const offsets = new Map([
    ['customer.purchases', 12],
    ['a', Number.MAX_SAFE_INTEGER],
  ])
  const origins = new Map([
    [originKey('a', 0), 3],
    [originKey('a', 11), 0],
  ])
  const fields = { token: 't', number: '9', ...metaFields(offsets, origins), ...partitionCountField(12) }
  expect(parseMeta(fields)).toEqual({ token: 't', number: 9, partitionCount: 12, offsets, origins })
})

test('nothing stored is number 0 without owner, and fields of others are left out', () => {
  const nothing = { token: '', number: 0, partitionCount: undefined, offsets: new Map(), origins: new Map() }
  expect(parseMeta({})).toEqual(nothing)
  expect(parseMeta({ note: 'x', offsets: 'y' })).toEqual(nothing)
})

test.each(['', 'x', '-1', '1.5', 'NaN', 'Infinity', '9007199254740992'])('%j is no offset', (text) => {
  for (const field of ['number', 'partition-count', 'offset:a', 'origin:a:1']) {
    expect(() => parseMeta({ [field]: text }), field).toThrow(
      expect.objectContaining({ code: 'SHARD_META_BROKEN', message: expect.stringContaining(`${field} of a shard`) }),
    )
  }
})
