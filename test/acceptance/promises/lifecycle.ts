import type { Chapter } from '../promise.ts'
import { testsOf } from '../promise.ts'

const lifecycle = testsOf('test/integration/models/lifecycle.test.ts')
const backtest = testsOf('test/integration/backtest/backtest-cli.test.ts')
const gate = testsOf('test/integration/models/gate.test.ts')

/** Each is to be shown on a real Kafka and a real Redis while events flow. */
export const LIFECYCLE: readonly Chapter[] = [
  {
    title: 'registry and lifecycle of models',
    promises: [
      {
        promise:
          'models/ holds versions; Redis has the champion’s pointer and weights, so that services may run elsewhere',
        shownBy: lifecycle(
          'the first worker promotes the newest version of the folder',
          'nothing in Redis can be read at start-up: the newest of the folder that can be used scores',
        ),
      },
      {
        promise: '`models list|show|compare|promote|rollback`',
        shownBy: gate(
          'a list names what cannot be used',
          'compare and show tell, and change nothing',
          'is the first, and calibrated',
          '--force says what it skips, and rollback goes back, one champion at a time',
        ),
      },
      {
        promise:
          'promotion is gated: not worse on the newest window (paired bootstrap), calibrated, with a compatible feature table',
        shownBy: gate(
          'is not worse on the same customers',
          'ranks worse',
          'ranks alike, but says too much',
          'was made for another feature table, also with %s',
          'and all of it left the champion where it was',
        ),
      },
      {
        promise:
          'risk-workers load a promoted model within seconds, without restart or lost events, and no stampede of appointments',
        shownBy: lifecycle(
          'a promoted model scores within seconds; appointments follow little by little; no event is lost',
        ),
      },
      {
        promise: 'rollback puts the last champion back',
        shownBy: [
          ...lifecycle('a rollback is followed as a promotion is, also by a worker that takes over midway'),
          ...gate('--force says what it skips, and rollback goes back, one champion at a time'),
        ],
      },
      {
        promise: 'a challenger scores in shadow, and its scores are compared live',
        shownBy: lifecycle('a challenger is compared on the same customers and decides nothing'),
      },
      {
        promise: 'a corrupt, missing or incompatible model never takes scoring down: the last good one stays, loudly',
        shownBy: lifecycle(
          'damaged bytes in Redis: the last good one stays, says so, and goes on until they are mended',
          'nothing in Redis can be read at start-up: the newest of the folder that can be used scores',
        ),
      },
    ],
  },
  {
    title: 'watching the model',
    promises: [
      { promise: 'drift (PSI by feature, and of the score) as metrics and API', shownBy: [] },
      { promise: 'matured outcomes (live AUC, calibration) as metrics and API', shownBy: [] },
      { promise: 'services/trainer retrains on a schedule or on drift, and proposes', shownBy: [] },
      { promise: 'it promotes by itself only if configured to', shownBy: [] },
    ],
  },
  {
    title: 'backtest',
    promises: [
      {
        promise:
          '`backtest --events SRC --policy FILE --from … --to …` runs the whole decision path on the log’s own time',
        shownBy: backtest('two policies are compared, and what is written is what is printed'),
      },
      {
        promise: 'alerts per day, share that churned, days of warning, jobs by kind',
        shownBy: backtest(
          'two policies are compared, and what is written is what is printed',
          'for people, it says in words what it found',
        ),
      },
    ],
  },
]
