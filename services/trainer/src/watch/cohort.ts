import { gunzipSync, gzipSync } from 'node:zlib'
import { watchedModelSchema } from '@holdfast/contracts'
import { z } from 'zod'
import { DAY_MS } from '../settings.ts'

/** What a model said of some customers at one instant, to be judged when its horizon has passed. */
export interface Cohort {
  readonly model: { readonly version: string; readonly digest: string }
  readonly horizonDays: number
  /** ms. */
  readonly at: number
  readonly ids: readonly string[]
  /** One a customer. */
  readonly probabilities: Float32Array
}

const NAME = /^(\d{4}-\d{2}-\d{2})\+(\d{1,4})d$/

/** `2026-11-22+90d`: the day and the horizon, so that nothing has to be unpacked to know when it may be judged. */
export function cohortName({ at, horizonDays }: Pick<Cohort, 'at' | 'horizonDays'>): string {
  return `${dayOf(at)}+${horizonDays}d`
}

/** `2026-11-22`. */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}

/** The earliest instant, ms, at which a cohort of this name can be judged; undefined for a name that is none. */
export function earliestMaturity(name: string): number | undefined {
  const [, day, days] = NAME.exec(name) ?? []
  const start = day === undefined ? Number.NaN : Date.parse(day)
  return Number.isNaN(start) ? undefined : start + Number(days) * DAY_MS
}

const packedSchema = z.object({
  model: watchedModelSchema,
  horizonDays: z.int().min(1),
  at: z.int(),
  ids: z.array(z.string()),
  /** Float32, little-endian. */
  probabilities: z.base64(),
})

/** About 25 bytes a customer. Compressed text carries a checksum, so that a flipped bit is noticed. */
export function packCohort({ probabilities, ...rest }: Cohort): Buffer {
  const bytes = Buffer.alloc(4 * probabilities.length)
  for (const [i, probability] of probabilities.entries()) bytes.writeFloatLE(probability, 4 * i)
  return gzipSync(JSON.stringify({ ...rest, probabilities: bytes.toString('base64') }))
}

/** @throws Error that says what is wrong with it */
export function unpackCohort(packed: Buffer): Cohort {
  const { probabilities, ...rest } = packedSchema.parse(JSON.parse(gunzipSync(packed).toString()))
  const bytes = Buffer.from(probabilities, 'base64')
  if (bytes.length !== 4 * rest.ids.length) {
    throw new Error(`${rest.ids.length} customers do not go with ${bytes.length / 4} probabilities`)
  }
  return { ...rest, probabilities: Float32Array.from(rest.ids, (_, i) => bytes.readFloatLE(4 * i)) }
}
