import type { Chapter } from '../promise.ts'
import { testsOf } from '../promise.ts'
import { gatewayBad, gatewayEvents } from './tests.ts'

const slow = testsOf('test/integration/gateway/slow-broker.test.ts')

export const GATEWAY: readonly Chapter[] = [
  {
    title: 'the gateway',
    promises: [
      {
        promise: 'POST /v1/events takes one CloudEvent or a batch, in structured mode',
        shownBy: gatewayEvents(
          'a structured event is in the topic of its type, keyed by its customer, where the answer says',
          'a batch is spread over the topics of its types, and each offset is right',
          'plain JSON is taken as one event or as several',
        ),
      },
      {
        promise: 'and in binary mode',
        shownBy: gatewayEvents(
          'binary mode: attributes are percent-encoded headers, the body is the data',
          'binary mode without a body: an event that says all in its type',
        ),
      },
      {
        promise: '202 only after all in-sync replicas have it: nothing accepted is lost when it is killed',
        shownBy: [
          ...testsOf('test/integration/gateway/kill.test.ts')(
            'killed in the midst of a flood of batches of %i: nothing that was accepted is missing',
            'stopped in order in the midst of a flood: every request that it took is answered, and it ends with 0',
          ),
          ...slow('a broker that is gone: not ready, 503 at once; when it is back, events are taken as before'),
        ],
      },
      {
        promise: 'errors by event for a bad batch, whose good events are taken',
        shownBy: gatewayBad('in the middle of a good batch: the others are taken'),
      },
      {
        promise: '413 when too large',
        shownBy: gatewayBad('too much at once is refused with 413'),
      },
      {
        promise: '429 with Retry-After when saturated',
        shownBy: slow('a broker that stands still: 503 in time, then 429, and afterwards each event is there once'),
      },
      {
        promise: 'idempotent by (source, id)',
        shownBy: [
          ...gatewayEvents(
            'what is sent again is in the topic once, and the answer says where',
            'twenty senders of the same event at once write it once, and all hear where',
            'after a restart the event is written again, for the fold to drop',
          ),
          ...testsOf('test/integration/gateway/to-state.test.ts')(
            'an event sent to two gateways at once is in the log twice and in the state once',
          ),
        ],
      },
      {
        promise: 'a bearer token, or loopback only',
        shownBy: gatewayEvents(
          'only whoever has the token comes in',
          'without a token it does not listen where others could come in',
        ),
      },
      {
        promise: 'it sets recordedtime, whatever the sender says',
        shownBy: gatewayEvents('recordedtime is what our clock says, whatever the sender says'),
      },
    ],
  },
]
