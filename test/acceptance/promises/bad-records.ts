import type { Chapter } from '../promise.ts'
import { testsOf } from '../promise.ts'
import { badRecords, wrongPartition } from './tests.ts'

const stop = testsOf('test/integration/risk-worker/intake-stop.test.ts')
const LETTER = 'a dead letter with the bytes as they came, where from, and why'
const FOLDED = 'folded all the same'

/** The real worker takes each of them from a real topic, and folds the good event that follows. */
const letters = (...what: readonly string[]) => badRecords(...what.map((test) => `${LETTER} > ${test}`))

export const BAD_RECORDS: readonly Chapter[] = [
  {
    title: 'bad input: nothing crashes, nothing is lost, the next good event is processed',
    promises: [
      {
        promise: 'malformed JSON is a dead letter',
        shownBy: letters('malformed JSON', 'bytes that are no UTF-8', 'JSON nested without end'),
      },
      {
        promise: 'wrong types are a dead letter that names the field',
        shownBy: letters('an amount that is a number', 'a subject that is an object', 'JSON that is no object'),
      },
      { promise: 'an unknown currency is a dead letter, never a guess', shownBy: letters('an unknown currency') },
      {
        promise: 'NaN and huge numbers are dead letters',
        shownBy: letters(
          'NaN as no JSON has it',
          '"NaN"',
          '1e999, which JSON makes Infinity',
          'a huge amount',
          'an amount of forty digits',
        ),
      },
      {
        promise: 'dates in year 0 and 9999 are dead letters',
        shownBy: letters('a date in year 0', 'a date in year 9999', 'a date of ten digits a year'),
      },
      {
        promise: 'bodies of 1 MiB are folded when they are right, dead letters when not',
        shownBy: [
          ...badRecords(`${FOLDED} > an event of 1 MiB`),
          ...letters('a body of 1 MiB that is no JSON', 'an event of 1 MiB with a wrong amount'),
          ...wrongPartition('dead letters of 1 MiB that wait together all leave, and what comes after them too'),
        ],
      },
      {
        promise: 'null keys are published again under the customer’s key, and folded once',
        shownBy: wrongPartition('without a key on the right partition', 'a body of 1 MiB without a key'),
      },
      {
        promise: 'records on the wrong partition are published again where they belong, and folded once',
        shownBy: wrongPartition('re-published to the customer’s own partition, where they are folded once > %s'),
      },
      {
        promise: 'empty values are dead letters, told apart from none at all',
        shownBy: letters('an empty value and none at all are told apart'),
      },
      {
        promise: 'unknown types are skipped and counted',
        shownBy: badRecords('an unknown type is skipped and counted, and is no dead letter'),
      },
      {
        promise: 'lone surrogates in ids are dead letters',
        shownBy: letters('a subject with half a surrogate pair', 'an event id with half a surrogate pair'),
      },
      { promise: 'RTL text in ids is folded', shownBy: badRecords(`${FOLDED} > an id with right-to-left text`) },
      {
        promise: 'ids up to 256 bytes are folded; longer ones are refused',
        shownBy: [
          ...badRecords(`${FOLDED} > an id with 256 bytes`, `${FOLDED} > an id with 256 bytes in two-byte letters`),
          ...letters('a subject of 257 bytes', 'a subject of 129 characters in 258 bytes'),
        ],
      },
      {
        promise: 'each has a reason that a person can act on',
        shownBy: [
          ...letters('%s', 'each bad record is put aside once, and its origin says where it lay'),
          ...testsOf('shared/contracts/src/decode.test.ts')(
            'whatever the bytes > never throws on JSON that nearly is an event, and gives every refusal a reason',
          ),
        ],
      },
      {
        promise:
          'when most of the newest records are bad, intake stops rather than emptying a topic, until somebody resumes it',
        shownBy: stop(
          'few bad ones go to the dead letters',
          'when most of the newest records are bad, intake stops, and nothing of them is put aside',
          'a restart does not lift the stop',
        ),
      },
    ],
  },
]
