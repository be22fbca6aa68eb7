import type { IncomingMessage } from 'node:http'
import {
  asError,
  type FieldError,
  HoldfastError,
  type HttpApp,
  Problem,
  problemResponses,
  whenOver,
} from '@holdfast/platform'
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { PrepareEvent, ReadyEvent, RefusedEvent } from '../event/prepare.ts'
import type { Hold, InFlight } from '../log/in-flight.ts'
import type { Write } from '../log/recently-written.ts'
import type { WrittenAt } from '../log/topic-lane.ts'
import { readEvents } from './read-events.ts'

const ACCEPTED_SCHEMA = z.object({
  index: z.int().describe('Of the event in the request, from 0.'),
  id: z.string(),
  topic: z.string(),
  partition: z.int(),
  offset: z.int(),
  duplicate: z.literal(true).optional().describe('It was there already: the place is that of the first.'),
})

const REJECTED_SCHEMA = z.object({
  index: z.int().describe('Of the event in the request, from 0.'),
  id: z.string().nullable().describe('As far as there is one.'),
  field: z.string().describe('A path such as `data.amount`; empty for the event as a whole.'),
  reason: z.string().describe('What was expected and what was found.'),
})

export const RESULT_SCHEMA = z.object({
  accepted: z.array(ACCEPTED_SCHEMA).describe('On every replica in sync.'),
  rejected: z.array(REJECTED_SCHEMA).describe('Not taken, and not worth sending again as they are.'),
})
export type Result = z.infer<typeof RESULT_SCHEMA>

export type Outcome = 'accepted' | 'duplicate' | 'rejected' | 'unavailable'

export interface EventsRouteOptions {
  readonly prepare: PrepareEvent
  /** Each event's write is under way when this returns. */
  readonly write: (event: ReadyEvent) => Write
  readonly isKafkaReachable: () => boolean
  readonly inFlight: InFlight
  readonly maxEvents: number
  readonly maxBodyBytes: number
  readonly answerWithinMs: number
  readonly onEvents: (outcome: Outcome, count: number) => void
}

const RETRY_SATURATED_S = 1
const RETRY_UNAVAILABLE_S = 2

/** `POST /v1/events`. Takes bodies of any JSON media type as bytes. */
export function addEventsRoute(app: HttpApp, options: EventsRouteOptions): void {
  const holds = new WeakMap<FastifyRequest, Hold>()
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(/^application\/(?:[\w.+-]+\+)?json/i, { parseAs: 'buffer' }, (_, body, done) =>
    done(null, body),
  )
  app.post<{ Body: Buffer | undefined }>(
    '/v1/events',
    {
      schema: {
        operationId: 'sendEvents',
        summary: 'Take events into the log',
        description: ABOUT,
        response: {
          202: RESULT_SCHEMA.describe('At least one event was taken, or none was sent.'),
          ...problemResponses(400, 401, 403, 413, 415, 422, 429, 503),
        },
      },
      // After the check of the token, and before the body is read.
      preParsing: async (request, reply) => {
        const hold = admit(options, request.raw)
        holds.set(request, hold)
        whenOver(reply.raw, () => hold.release())
      },
    },
    async (request, reply) => {
      const { events, isBatch } = readEvents(request.headers, request.body, options.maxEvents)
      const wallMs = Date.now()
      const prepared = events.map((event) => options.prepare(event, wallMs))
      const refused = prepared.filter((event) => event.kind === 'refused')
      options.onEvents('rejected', refused.length)
      if (refused.length > 0 && refused.length === prepared.length) throw allRefused(refused, isBatch)

      const writes = prepared.map((event) => (event.kind === 'ready' ? options.write(event) : undefined))
      const places = writes.map((write) => write?.at)
      const all = Promise.all(places)
      holds.get(request)?.until(Promise.allSettled(places))
      const result = resultOf(prepared, writes, await within(all, prepared.length - refused.length, options))
      const duplicates = result.accepted.filter(({ duplicate }) => duplicate).length
      options.onEvents('duplicate', duplicates)
      options.onEvents('accepted', result.accepted.length - duplicates)
      return reply.code(202).send(result)
    },
  )
}

const ABOUT = [
  'One CloudEvent or a batch, structured or binary. Answered with 202 once every event that could be taken is on all replicas in sync.',
  'A bad event does not hold up the others: it is listed in `rejected`. Where none could be taken, the answer is problem details.',
  'After 429 and 503, and where no answer came at all, send the same again. An event with the source, id and subject of one that this',
  'process has on its way, or among the newest that it wrote, is not written again: it is answered with the place of the first and',
  '`duplicate`. After a restart, or through another gateway, it is written again, and counted once in the state of its customer.',
  '`recordedtime` is set here, whatever the sender says.',
].join(' ')

/** @throws Problem 429 or 503 */
function admit({ inFlight, maxBodyBytes, isKafkaReachable }: EventsRouteOptions, request: IncomingMessage): Hold {
  if (!isKafkaReachable()) throw unavailable('no Kafka broker answers')
  const { headers, rawHeaders } = request
  const isBodiless = headers['content-length'] === undefined && headers['transfer-encoding'] === undefined
  // A body that does not tell its length may become as large as any.
  const announced = isBodiless ? 0 : Number(headers['content-length'] ?? maxBodyBytes)
  // In binary mode most of the event is in the head.
  const head = rawHeaders.reduce((sum, text) => sum + text.length, 0)
  const hold = inFlight.hold(head + Math.min(announced, maxBodyBytes))
  if (hold !== undefined) return hold
  throw new Problem({
    status: 429,
    kind: 'saturated',
    detail: `${inFlight.bytes} bytes of events are on their way to Kafka, and it takes no more at once; wait and send again.`,
    retryAfterSeconds: RETRY_SATURATED_S,
  })
}

/** @throws Problem 503 when a write fails or is not confirmed in time */
async function within<T>(
  writes: Promise<T>,
  count: number,
  { answerWithinMs, onEvents }: EventsRouteOptions,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unavailable('Kafka did not confirm the events in time')), answerWithinMs)
  })
  try {
    return await Promise.race([writes, late])
  } catch (thrown) {
    onEvents('unavailable', count)
    if (thrown instanceof Problem) throw thrown
    const error = asError(thrown)
    const cure = error instanceof HoldfastError && error.cure !== undefined ? ` (${error.cure})` : ''
    throw unavailable(`${error.message}${cure}`, error)
  } finally {
    clearTimeout(timer)
  }
}

function unavailable(what: string, cause?: Error): Problem {
  return new Problem({
    status: 503,
    kind: 'kafka-unavailable',
    detail: `${what}; send the same events again: what was written all the same is known by source and id.`,
    retryAfterSeconds: RETRY_UNAVAILABLE_S,
    cause,
  })
}

function allRefused(refused: readonly RefusedEvent[], isBatch: boolean): Problem {
  const tooLarge = refused.every(({ isTooLarge }) => isTooLarge)
  const errors = refused.map(({ field, reason }, index): FieldError => {
    const path = isBatch ? `[${index}]${field === '' ? '' : `.${field}`}` : field
    return { field: path, reason }
  })
  const [first] = errors
  const detail = isBatch
    ? `none of the ${refused.length} events can be taken; "errors" says why.`
    : `${first?.field || 'the event'}: ${first?.reason}`
  return tooLarge
    ? new Problem({ status: 413, kind: 'too-large', detail, errors })
    : new Problem({ status: 422, kind: 'invalid-event', detail, errors })
}

function resultOf(
  prepared: readonly (ReadyEvent | RefusedEvent)[],
  writes: readonly (Write | undefined)[],
  places: readonly (WrittenAt | undefined)[],
): Result {
  const result: Result = { accepted: [], rejected: [] }
  prepared.forEach((event, index) => {
    const place = places[index]
    if (event.kind === 'refused') {
      result.rejected.push({ index, id: event.id, field: event.field, reason: event.reason })
    } else if (place !== undefined) {
      const duplicate = writes[index]?.isDuplicate === true
      result.accepted.push({ index, id: event.id, ...place, ...(duplicate && { duplicate }) })
    }
  })
  return result
}
