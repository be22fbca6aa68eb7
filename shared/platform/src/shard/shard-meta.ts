import { HoldfastError } from '../errors.ts'

/**
 * What a shard's `meta` holds beside owner and commit number: the next offset to read of each topic, for each topic and
 * source partition the highest offset whose re-published copy was taken, and how many partitions the inputs have.
 */
export interface ShardMeta {
  readonly token: string
  /** Moved by every commit. */
  readonly number: number
  readonly partitionCount: number | undefined
  /** Digest of the newest model with which every customer was looked at. */
  readonly model: string | undefined
  readonly offsets: ReadonlyMap<string, number>
  /** By `originKey`. */
  readonly origins: ReadonlyMap<string, number>
}

const OFFSET = 'offset:'
const ORIGIN = 'origin:'
const PARTITION_COUNT = 'partition-count'
const MODEL = 'model'

/** A topic's name has no colon, so this is unambiguous. */
export function originKey(topic: string, partition: number): string {
  return `${topic}:${partition}`
}

/** Fields of meta that a commit writes. */
export function metaFields(
  offsets: ReadonlyMap<string, number>,
  origins: ReadonlyMap<string, number>,
): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const [topic, offset] of offsets) fields[`${OFFSET}${topic}`] = String(offset)
  for (const [key, offset] of origins) fields[`${ORIGIN}${key}`] = String(offset)
  return fields
}

export function partitionCountField(count: number): Record<string, string> {
  return { [PARTITION_COUNT]: String(count) }
}

export function modelField(digest: string): Record<string, string> {
  return { [MODEL]: digest }
}

/** @throws HoldfastError SHARD_META_BROKEN for a number that is none. */
export function parseMeta(fields: Readonly<Record<string, string>>): ShardMeta {
  const offsets = new Map<string, number>()
  const origins = new Map<string, number>()
  for (const [field, value] of Object.entries(fields)) {
    if (field.startsWith(OFFSET)) offsets.set(field.slice(OFFSET.length), whole(field, value))
    else if (field.startsWith(ORIGIN)) origins.set(field.slice(ORIGIN.length), whole(field, value))
  }
  const count = fields[PARTITION_COUNT]
  return {
    token: fields.token ?? '',
    number: whole('number', fields.number ?? '0'),
    partitionCount: count === undefined ? undefined : whole(PARTITION_COUNT, count),
    model: fields[MODEL],
    offsets,
    origins,
  }
}

function whole(field: string, text: string): number {
  const value = Number(text)
  if (text !== '' && Number.isSafeInteger(value) && value >= 0) return value
  throw new HoldfastError({
    code: 'SHARD_META_BROKEN',
    message: `meta field ${field} of a shard holds ${JSON.stringify(text)}, which is no offset`,
    cure: 'somebody else wrote to this key: restore Redis from a snapshot, or run "holdfast rebuild".',
  })
}
