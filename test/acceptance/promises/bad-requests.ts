import type { Chapter } from '../promise.ts'
import { testsOf } from '../promise.ts'
import { channels, deliveryFaults, gatewayBad, receivers } from './tests.ts'

const ALONE = 'alone: refused, naming the field and the reason'
const IN_BATCH = 'in the middle of a good batch: the others are taken'
/** Each of them is sent alone and in the middle of a good batch. */
const refused = (...kinds: readonly string[]) =>
  gatewayBad(...kinds.flatMap((kind) => [`${kind} > ${ALONE}`, `${kind} > ${IN_BATCH}`]))

const twoWorkers = testsOf('test/integration/delivery/two-workers.test.ts')
const http = testsOf('services/delivery-worker/src/channels/http-post.test.ts')

export const BAD_REQUESTS: readonly Chapter[] = [
  {
    title:
      'bad input at the gateway: a 4xx that names field and reason, also in a good batch, whose other events are taken',
    promises: [
      { promise: 'malformed JSON', shownBy: gatewayBad('a body that is %s is refused as a whole') },
      {
        promise: 'wrong types',
        shownBy: refused(
          'a number',
          'null',
          'an amount that is a number',
          'an id that is a number',
          'data that is a list',
        ),
      },
      { promise: 'unknown currency', shownBy: refused('an unknown currency') },
      { promise: 'NaN and huge numbers', shownBy: refused('"NaN"', 'a huge amount') },
      { promise: 'dates in year 0 and 9999', shownBy: refused('a date in year 0', 'a date in year 9999') },
      {
        promise: 'bodies of 1 MiB: taken when right, and what is larger is refused with 413',
        shownBy: gatewayBad(
          'what is odd and right is taken, and comes back as it was sent',
          'too much at once is refused with 413',
        ),
      },
      { promise: 'null and missing customers', shownBy: refused('no subject', 'a null subject', 'an empty subject') },
      {
        promise: 'whatever is accepted lies on the partition of its customer',
        shownBy: testsOf('test/integration/gateway/events.test.ts')(
          'a structured event is in the topic of its type, keyed by its customer, where the answer says',
        ),
      },
      { promise: 'empty values', shownBy: [...refused('an empty text', 'an empty object', 'no data')] },
      { promise: 'unknown types', shownBy: refused('an unknown type') },
      {
        promise: 'lone surrogates in ids',
        shownBy: refused('a subject with half a surrogate pair', 'an id with half a surrogate pair'),
      },
      {
        promise: 'RTL text in ids is taken, as are ids of 256 bytes',
        shownBy: gatewayBad('what is odd and right is taken, and comes back as it was sent'),
      },
      {
        promise: 'ids longer than 256 bytes',
        shownBy: refused('a subject of 257 bytes', 'a subject of 86 three-byte letters'),
      },
    ],
  },
  {
    title: 'bad receivers, and workers that die',
    promises: [
      {
        promise: 'receivers that hang, answer 500 or close midway are tried again, under the same key',
        shownBy: receivers('$kind $status, $times times: tried again under the same key until it is taken'),
      },
      {
        promise: 'receivers that redirect or answer 410 are given up at once, visibly',
        shownBy: [...receivers('%o is given up at once, and the job is kept'), ...http('a redirect is not followed')],
      },
      {
        promise: 'a receiver that fails never blocks others',
        shownBy: [
          ...receivers('a receiver that hangs on one message blocks no other'),
          ...channels('a channel that fails is tried again alone, and the cooldown runs from the first that took it'),
          ...testsOf('test/integration/delivery/outage.test.ts')(
            'a receiver that is away costs its jobs next to no attempts, and all of them arrive when it is back',
          ),
        ],
      },
      {
        promise: 'with a second delivery-worker, and a killed one, nobody gets two messages under two keys',
        shownBy: [
          ...twoWorkers(
            'two workers, one of them killed again and again: nobody is missing, and nobody is written to under two keys',
          ),
          ...deliveryFaults(
            'kill -9 of risk-worker, delivery-workers and receiver, … times',
            'whoever must be contacted is at the receiver',
            'nobody was contacted, or decided about, under two keys',
          ),
        ],
      },
    ],
  },
]
