import type { Chapter } from '../promise.ts'
import { testsOf } from '../promise.ts'
import { actions, cleanClone, reads } from './tests.ts'

const document = testsOf('test/integration/console/document.test.ts')
const changes = testsOf('test/integration/console/changes.test.ts')
const fuzz = (what: string) =>
  testsOf(`test/fuzz/${what}.test.ts`)({
    test: `the fuzzer finds no 5xx and no answer that breaks the description of the ${what}`,
    skippedWhere: 'python3, which runs the fuzzer, is not installed',
  })

export const CONSOLE_API: readonly Chapter[] = [
  {
    title: 'the console’s API',
    promises: [
      {
        promise: '/openapi.json describes every route, and every answer keeps to it',
        shownBy: [
          ...document(
            'the document is OpenAPI 3.1 and names every route, its problems and the token',
            'every answer is as the document promises > GET %s%s: %d',
          ),
          ...fuzz('console'),
          ...fuzz('gateway'),
        ],
      },
      {
        promise:
          'GET /v1/customers/{id}: state as named features, score, band, reasons by group, next appointment, timeline',
        shownBy: reads('is shown with features, score, band, reasons, appointment, timeline and profile'),
      },
      {
        promise: 'and what was sent or withheld, and why',
        shownBy: [
          ...reads('who is not contacted is shown with the reason'),
          ...actions('what is said of a customer is folded into the state, and seen > acknowledge'),
        ],
      },
      {
        promise: 'GET /v1/customers?band=at_risk&limit=&cursor= lists by priority',
        shownBy: [
          ...reads('%s: cursors lead past everybody once, by expected loss', 'says who and why'),
          ...cleanClone('the API lists customers at risk with reasons'),
        ],
      },
      {
        promise: 'GET /v1/metrics/summary is the sum over all customers',
        shownBy: reads('the summary > is the sum over all customers'),
      },
      {
        promise: 'POST /v1/customers/{id}/actions: acknowledge, snooze and resolve are events through Kafka',
        shownBy: actions(
          'what is said of a customer is folded into the state, and seen > acknowledge',
          'snooze, of the kind that is named, with any offset in its end',
          'resolve: %s',
          'the event is a valid one of the contract, and carries the episode, who said it and the note',
        ),
      },
      {
        promise: 'server-sent events tell of changes',
        shownBy: changes(
          'a change of band is told within seconds, with why',
          'who was away goes on behind the last event that they saw',
        ),
      },
      {
        promise: '/healthz, /readyz and /metrics (Prometheus) on every service',
        shownBy: cleanClone('every service answers to its probes and gives its metrics'),
      },
      {
        promise: 'every metric is named, typed and explained in one file',
        shownBy: [
          ...document('every metric of the console is there and explained'),
          ...testsOf('shared/contracts/src/names.test.ts')(
            'metrics > names each metric once, in the way Prometheus asks for',
          ),
        ],
      },
      {
        promise: 'errors are RFC 9457 problem details',
        shownBy: [
          ...testsOf('shared/platform/src/http/app.test.ts')(
            'a wrong field is named in problem details, with what was expected',
            'every way of being refused is a problem with its status',
          ),
          ...reads('nobody of this id is 404, an erased one 410'),
        ],
      },
    ],
  },
]
