import type { ProfileField, ProfileUpdated } from './event.ts'
import { PROFILE_FIELDS } from './event.ts'
import { isLater } from './fold/last-write.ts'

/** A personal field with the instant and id of the event that set it. */
export type ProfileEntry = readonly [value: string, at: number, id: number]

/** What is personal about a customer. It lives beside the state so that the state holds nothing to hide. */
export type Profile = Readonly<Partial<Record<ProfileField, ProfileEntry>>>

/** The profile after an update: field by field the last write by (time, id) wins, in whatever order they came. */
export function foldProfile(before: Profile, event: ProfileUpdated): Profile {
  const next: { -readonly [K in ProfileField]?: ProfileEntry } = { ...before }
  for (const field of PROFILE_FIELDS) {
    const value = event.fields[field]
    if (value === undefined) continue
    const kept = before[field]
    if (kept === undefined || isLater(event.time, event.idHash, kept[1], kept[2])) {
      next[field] = [value, event.time, event.idHash]
    }
  }
  return next
}
