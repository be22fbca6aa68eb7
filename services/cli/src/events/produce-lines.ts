import type { Decode } from '@holdfast/contracts'
import { checkEvent, type Sender } from './outgoing.ts'

export interface Produced {
  readonly lines: number
  readonly sent: number
  /** Events sent, by type. */
  readonly byType: Readonly<Record<string, number>>
  readonly bad: number
}

export interface ProduceOptions {
  readonly decode: Decode
  readonly sender: Sender
  /** Wall clock, ms. */
  readonly now: () => number
  /** Told of each line that is no good event; nothing of it is sent. */
  readonly onBad: (line: number, reason: string) => void
}

/** Sends CloudEvents, one a line, to the topics of their types. Empty lines are passed over. */
export async function produceLines(
  lines: AsyncIterable<string> | Iterable<string>,
  { decode, sender, now, onBad }: ProduceOptions,
): Promise<Produced> {
  const byType: Record<string, number> = {}
  let number = 0
  let sent = 0
  let bad = 0
  for await (const line of lines) {
    number++
    if (line.trim() === '') continue
    const type = typeOf(line)
    const checked =
      typeof type === 'string'
        ? checkEvent(decode, Buffer.from(line), type, now())
        : { kind: 'bad' as const, reason: type.reason }
    if (checked.kind === 'bad') {
      bad++
      onBad(number, checked.reason)
      continue
    }
    await sender.push(checked.event)
    sent++
    byType[checked.event.type] = (byType[checked.event.type] ?? 0) + 1
  }
  await sender.end()
  return { lines: number, sent, byType, bad }
}

function typeOf(line: string): string | { reason: string } {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    return { reason: `not JSON: ${error instanceof Error ? error.message : String(error)}` }
  }
  const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined
  return typeof type === 'string' ? type : { reason: 'type: expected a text such as "purchase.completed"' }
}
