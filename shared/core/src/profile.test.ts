import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PROFILE_FIELDS, type ProfileUpdated } from './event.ts'
import { permuted } from './oracle/arbitrary-log.ts'
import { foldProfile, type Profile } from './profile.ts'

const fields = fc.dictionary(fc.constantFrom(...PROFILE_FIELDS), fc.string(), { maxKeys: 4 })

const updates = fc.array(fc.tuple(fields, fc.nat(3)), { maxLength: 12 }).map((drawn) =>
  drawn.map(
    ([fields, time], i): ProfileUpdated => ({
      type: 'profile.updated',
      customerId: 'cust-1',
      time,
      knownAt: time,
      // No order of time in it, and none twice.
      idHash: (i * 7) % 13,
      fields,
    }),
  ),
)

test('each field keeps its last write by (time, id), whatever the order', () => {
  const shuffled = updates.chain((log) => permuted(log))
  fc.assert(
    fc.property(shuffled, (log) => {
      const got = log.reduce<Profile>(
        (profile, e) => (e.type === 'profile.updated' ? foldProfile(profile, e) : profile),
        {},
      )
      const sorted = [...log].sort((a, b) => a.time - b.time || a.idHash - b.idHash)
      for (const field of PROFILE_FIELDS) {
        const last = sorted.filter((e) => e.type === 'profile.updated' && e.fields[field] !== undefined).at(-1)
        const value = last?.type === 'profile.updated' ? last.fields[field] : undefined
        expect(got[field]).toEqual(last === undefined ? undefined : [value, last.time, last.idHash])
      }
    }),
  )
})
