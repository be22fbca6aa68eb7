import { HoldfastError } from '../errors.ts'
import { OUTBOX_KINDS, type OutboxEntry, type OutboxKind } from './change.ts'

/** An entry as it stands in the stream. */
export interface StoredOutboxEntry extends OutboxEntry {
  /** Its place in the stream, `ms-sequence`. */
  readonly id: string
  readonly value: Buffer
}

/** As the commit script writes them: a field's name is the same bytes in each entry, so none needs to become a text. */
const KIND = Buffer.from('kind')
const HEADER = Buffer.from('header')
const VALUE = Buffer.from('value')

/** @throws HoldfastError OUTBOX_BROKEN for an entry that no commit wrote. */
export function parseOutboxEntry([id, flat]: [Buffer, Buffer[]]): StoredOutboxEntry {
  const [kindField, kindText, headerField, header, valueField, value] = flat
  const isOurs = kindField?.equals(KIND) && headerField?.equals(HEADER) && valueField?.equals(VALUE)
  if (isOurs && kindText !== undefined && header !== undefined && value !== undefined) {
    const kind = kindOf(kindText.toString())
    if (kind !== undefined) return { id: id.toString(), kind, header: header.toString(), value }
  }
  throw new HoldfastError({
    code: 'OUTBOX_BROKEN',
    message: `entry ${id} of an outbox is none of ours`,
    cure: 'somebody else wrote to this stream: look at it with XRANGE, and remove the entry with XDEL.',
  })
}

function kindOf(text: string): OutboxKind | undefined {
  return OUTBOX_KINDS.find((known) => known === text)
}
