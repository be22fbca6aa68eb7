import { PROFILE_FIELDS, type Profile } from '@holdfast/core'
import { z } from 'zod'

const entrySchema = z.tuple([z.string(), z.number(), z.number()])
const storedSchema = z.partialRecord(z.enum(PROFILE_FIELDS), entrySchema)

/** Personal fields as they are stored; those that nobody named are absent. */
export const profileSchema = z
  .partialRecord(z.enum(PROFILE_FIELDS), z.string())
  .meta({ id: 'Profile', description: 'Personal fields as they are stored; what is not known is absent.' })

/** @param bytes as the risk-worker commits it; nothing where nothing is known */
export function parseProfile(bytes: Buffer | null | undefined): Profile {
  return bytes ? storedSchema.parse(JSON.parse(bytes.toString())) : {}
}

/** The values without their instants. A field that was emptied is one that is not known. */
export function profileValues(profile: Profile): z.output<typeof profileSchema> {
  return Object.fromEntries(
    PROFILE_FIELDS.flatMap((field) => {
      const [value] = profile[field] ?? ['']
      return value === '' ? [] : [[field, value]]
    }),
  )
}
