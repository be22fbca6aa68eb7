import type { Chapter } from '../promise.ts'
import { testsOf } from '../promise.ts'
import { cleanClone, DATA_ABSENT, inspectAudit, RETAIL_LOG, retail, terminal } from './tests.ts'

const upDown = testsOf('test/integration/cli/up-down.test.ts')
const sending = testsOf('test/integration/cli/produce-import.test.ts')
const letters = testsOf('test/integration/cli/dlq.test.ts')
const rebuild = testsOf('test/integration/rebuild/rebuild.test.ts')

export const COMMAND_LINE: readonly Chapter[] = [
  {
    title: 'the command line',
    promises: [
      {
        promise: '`up`, `status` and `down`',
        shownBy: upDown(
          'up starts every service, status names each with its address and process, down leaves none of them',
        ),
      },
      {
        promise: '`produce` sends events, each held against the contract first',
        shownBy: sending(
          'produce sends lines to the topics of their types, on the partition that Java would choose, and names bad ones',
          'produce makes one event of its options',
        ),
      },
      {
        promise: '`import FILE --map MAP` reads a real log (CSV, gzip) into the topics',
        shownBy: sending('import brings a packed CSV file into the topics and puts bad rows aside'),
      },
      {
        promise: 'with a progress bar',
        shownBy: [
          ...terminal('an import shows a bar with share, rate and remaining time, and removes it'),
          ...testsOf('services/cli/src/output/text.test.ts')('a bar is drawn on terminals only, and not at every row'),
        ],
      },
      {
        promise: 'a map for Online Retail year 1 comes with it, and imports the whole log: every event accounted for',
        shownBy: retail({ test: RETAIL_LOG, skippedWhere: DATA_ABSENT }),
      },
      {
        promise: '`inspect CUSTOMER` shows the state as named features, score, band, reasons, next appointment',
        shownBy: [
          ...inspectAudit('inspect shows a customer as features, score, band, appointment and timeline'),
          ...testsOf('test/scenarios/kcat-inspect.test.ts')(
            'the command itself, typed as soon as kcat has returned, shows the event',
          ),
        ],
      },
      {
        promise: '`train` learns a model from the topics',
        shownBy: cleanClone('`holdfast train` learns from the topics and stores a version with its report'),
      },
      {
        promise: '`rebuild` works while events flow',
        shownBy: rebuild(
          'while events flow: nothing is lost or counted twice, and the worker goes on with the new generation',
          'a rebuild carries over who is in which band since when, so nobody is contacted for the same stay once more',
          'what the old generation had not sent is sent by the new one, in its order',
        ),
      },
      {
        promise: '`dlq` lists, shows, sends again, and lets a stopped intake go on',
        shownBy: letters(
          'dead letters are listed newest first, counted by reason, shown, and sent again',
          'resume lets a stopped intake go on',
        ),
      },
      {
        promise: '`audit` recounts every aggregate from the states, and finds every kind of damage',
        shownBy: inspectAudit('audit agrees with what was committed, and finds every kind of damage'),
      },
    ],
  },
]
