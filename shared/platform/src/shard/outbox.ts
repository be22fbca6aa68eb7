import { HoldfastError } from '../errors.ts'
import { OUTBOX_KINDS, type OutboxEntry } from './change.ts'
import type { WrittenEntries } from './commit-script.ts'
import type { PackedList } from './pack.ts'

/** An entry as it stands in the stream. */
export interface StoredOutboxEntry extends OutboxEntry {
  /** Its place in the stream, `ms-sequence`. */
  readonly id: string
}

/** Entries that follow one another in the stream, and the run of the server that held them then. */
export interface OutboxPage {
  readonly serverRun: string
  readonly entries: readonly StoredOutboxEntry[]
}

/** What a commit has put into the outbox, and where. */
export interface WrittenOutbox extends WrittenEntries {
  readonly entries: PackedList<OutboxEntry>
}

/** @throws HoldfastError OUTBOX_BROKEN for an entry that no commit wrote. */
export function parseOutboxEntry([id, flat]: [Buffer, Buffer[]]): StoredOutboxEntry {
  const [kindField, kindText, headerField, header, valueField, value] = flat
  if (says(kindField, 'kind') && says(headerField, 'header') && says(valueField, 'value')) {
    const kind = OUTBOX_KINDS.find((known) => says(kindText, known))
    if (kind !== undefined && header !== undefined && value !== undefined) {
      return { id: id.toString(), kind, header: header.toString(), value }
    }
  }
  throw new HoldfastError({
    code: 'OUTBOX_BROKEN',
    message: `entry ${id} of an outbox is none of ours`,
    cure: 'somebody else wrote to this stream: look at it with XRANGE, and remove the entry with XDEL.',
  })
}

/** Whether bytes are a text of ASCII; made for short ones, for which a call of `Buffer` costs more than the comparison. */
function says(bytes: Buffer | undefined, text: string): boolean {
  if (bytes?.length !== text.length) return false
  for (let i = 0; i < text.length; i++) if (bytes[i] !== text.charCodeAt(i)) return false
  return true
}
