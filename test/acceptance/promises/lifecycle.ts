import type { Chapter } from '../promise.ts'
import { testsOf } from '../promise.ts'

const lifecycle = testsOf('test/integration/models/lifecycle.test.ts')
const backtest = testsOf('test/integration/backtest/backtest-cli.test.ts')
const gate = testsOf('test/integration/models/gate.test.ts')
const watch = testsOf('test/integration/watch.test.ts')
const watchSample = testsOf('test/integration/watch-sample.test.ts')
const retrain = testsOf('test/integration/retrain/retrain.test.ts')
const refused = testsOf('test/integration/retrain/refused.test.ts')
const young = testsOf('test/integration/retrain/young.test.ts')
const verdict = testsOf('services/trainer/src/retraining/drift-verdict.test.ts')
const freshRun = testsOf('test/integration/cli/retrain-up.test.ts')
const FRESH_RUN =
  'a fresh run does not retrain for its youth; what its trainer makes lies with its data, and the checkout stays as it is'
const retrainQueue = testsOf('test/integration/retrain/queue.test.ts')

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
      {
        promise: 'drift (PSI by feature, and of the score) as metrics and API',
        shownBy: [
          ...watch(
            'before anybody has watched, and of an empty installation, it says so',
            'customers of the kind that the model learned from: little drift; one cohort a day',
            'customers who have fallen silent: another population',
            'a champion that does not say what it learned from: drift is unknown, until it is promoted with it',
            'the trainer watches by itself and serves the figures as metrics',
          ),
          ...watchSample(
            'of few customers, the buyers with the smallest hashes: the same ones every time, and as many as there are',
            'of many, what is read does not grow with their number, and who is read does not depend on when they came',
          ),
        ],
      },
      {
        promise: 'matured outcomes (live AUC, calibration) as metrics and API',
        shownBy: watch(
          'while the states are behind the log no cohort is judged',
          'a cohort whose horizon has passed is judged as the events themselves say, under the model that predicted',
          'judged late, whoever has bought too often since is unknown; a damaged cohort is named and passed over',
          'a champion that cannot be used, and damage to what is stored, are told, and the next watch mends what it can',
          'the trainer watches by itself and serves the figures as metrics',
        ),
      },
      {
        promise:
          'services/trainer retrains on a schedule (BullMQ job scheduler) or on drift, and proposes, while events flow',
        shownBy: [
          ...retrain(
            'a schedule retrains while events flow: the new version is proposed, and scores when somebody promotes it',
            'drift retrains once, however often it is seen',
          ),
          ...retrainQueue(
            'begins one interval from now, and a replica that starts later moves nothing',
            'that was missed while no trainer was there is made up for; one that Redis has forgotten comes again',
            'of cron goes by UTC; fields that name no time are refused',
            'that was asked for is the same one until it has ended; drift asks once within its rest',
            'runs alone, however many trainers there are',
          ),
        ],
      },
      {
        promise: 'it promotes by itself only if configured to, and only what passes the gate',
        shownBy: [
          ...retrain(
            'configured to, it promotes what has passed by itself, and the risk-worker scores with it without losing an event',
          ),
          ...refused('a version that does not pass the gate is not promoted, nor proposed, whatever is configured'),
        ],
      },
      {
        promise:
          'a retraining that is killed leaves no half version and is finished by another trainer, a bounded number of times',
        shownBy: [
          ...retrain(
            'killed in the middle of a training, it leaves no half version, and another trainer finishes the job alone',
            'a training that ends its trainer again and again is given up, and told',
            {
              test: 'a training process that is killed, for its memory say, is started again',
              skippedWhere: 'not Linux',
            },
            {
              test: 'stopped in the middle, it gives the job back, and it costs no attempt',
              skippedWhere: 'not Linux',
            },
          ),
          ...refused('a broker that is away is tried again, and told when that does not help'),
        ],
      },
      {
        promise: 'a young installation does not retrain for its youth, nor any for the passing of time',
        shownBy: [
          ...young('a shop %s differs by nature: it is looked at again and again, and nothing retrains'),
          ...freshRun(FRESH_RUN),
          ...verdict(
            'a feature or the score calls for a retraining above the threshold, and above what chance makes of few customers',
            'that customers have grown older calls for nothing, however far it goes',
            'while history is shorter than what the champion learned from, only the score calls',
            'while there is too little history to train on, nothing calls',
          ),
        ],
      },
      {
        promise: 'what the trainer of `npm start` makes does not change the checkout, and can be looked at by its name',
        shownBy: [
          ...freshRun(FRESH_RUN),
          ...testsOf('services/cli/src/run/models-of-run.test.ts')(
            'a run is given the versions that it does not have; its own stay as they are',
          ),
        ],
      },
      {
        promise: 'a look at the champion that fails is counted, told, and comes again',
        shownBy: young('a look that fails is counted, told, and comes again'),
      },
      {
        promise: 'too little history to retrain on is told, once, and changes nothing',
        shownBy: refused('%s is told once, and is no reason to fall over'),
      },
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
