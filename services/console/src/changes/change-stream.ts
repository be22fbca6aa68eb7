import type { Change, ChangeRing } from './ring.ts'

/**
 * A stream of server-sent events (html.spec.whatwg.org, "Server-sent events"): pulled, so that a client who takes nothing
 * makes nothing wait. It ends when aborted, or when the client has fallen behind what the ring remembers.
 */

export interface ChangeStreamOptions {
  /** What a client that was here before says it has seen. */
  readonly lastEventId: string | undefined
  /** Between signs of life, ms. */
  readonly heartbeatMs: number
  readonly signal: AbortSignal
  readonly onOvertaken: () => void
}

const MOST_AT_ONCE = 100
/** How long a browser waits before it comes back, ms. */
const RETRY_MS = 2_000

export async function* changeStream(ring: ChangeRing, options: ChangeStreamOptions): AsyncGenerator<string> {
  const { lastEventId, heartbeatMs, signal, onOvertaken } = options
  const resumed = lastEventId === undefined ? ring.last : ring.resume(lastEventId)
  let seen = resumed ?? ring.last
  yield `retry: ${RETRY_MS}\n\n`
  if (resumed === undefined) {
    yield named('missed', 'changes since the last event id are not remembered here; read the lists again.')
  }
  while (!signal.aborted) {
    const changes = ring.after(seen, MOST_AT_ONCE)
    if (changes === undefined) {
      onOvertaken()
      yield named(
        'dropped',
        'this connection took the changes slower than they came; read the lists again and come back.',
      )
      return
    }
    const last = changes.at(-1)
    if (last === undefined) {
      if ((await ring.wait(heartbeatMs, signal)) === 'quiet') yield ': still here\n\n'
      continue
    }
    seen = last.sequence
    yield changes.map((change) => frame(ring.idOf(change), change)).join('')
  }
  yield named('closing', 'this server stops; come back.')
}

function frame(id: string, { type, data }: Change): string {
  return `id: ${id}\nevent: ${type}\ndata: ${data}\n\n`
}

function named(event: string, reason: string): string {
  return `event: ${event}\ndata: ${JSON.stringify({ reason })}\n\n`
}
