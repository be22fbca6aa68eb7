import type { Chapter } from '../promise.ts'
import { testsOf } from '../promise.ts'
import { cleanClone, terminal } from './tests.ts'

const timeLapse = testsOf('test/scenarios/timelapse.test.ts')
const replay = testsOf('test/scenarios/replay.test.ts')
const program = testsOf('services/cli/src/program.test.ts')
const upDown = testsOf('test/integration/cli/up-down.test.ts')

export const CLOCKS_AND_TERMINAL: readonly Chapter[] = [
  {
    title: 'time-lapse, replay and the terminal',
    promises: [
      {
        promise:
          'with --timelapse everything runs on a scaled clock: customers fall silent, cross bands at their appointments and cause jobs',
        shownBy: timeLapse(
          'silence crosses bands at its appointments, jobs follow, and a restart goes on where the clock stopped',
          'a clock that nobody stopped goes on at where its keeper was last seen, never before',
        ),
      },
      {
        promise: '`npm start -- --timelapse 1d/s` does so with the whole pipeline and the generated shop',
        shownBy: cleanClone('lets days pass in seconds: customers cross bands in silence, and jobs follow'),
      },
      {
        promise: '--replay FILE --map MAP does the same with a real log from its first day on, also across a stop',
        shownBy: replay('a real log is replayed to its end, also across a stop, and what happened is told'),
      },
      {
        promise: 'a replay names its model and what it may send',
        shownBy: replay('a real log is replayed to its end, also across a stop, and what happened is told'),
      },
      {
        promise:
          'the README shows what came out for Online Retail year 1: bands over time, jobs sent, customers who came back',
        shownBy: testsOf('test/docs/readme.test.ts')(
          'README shows what came out of the replay of Online Retail year 1',
        ),
      },
      {
        promise: '`npx holdfast top` shows rate, lag, bands, appointments due, jobs and lateness, live',
        shownBy: [
          ...cleanClone('top shows rate, lag, bands, appointments due, jobs and lateness, live'),
          ...testsOf('services/cli/src/top/top.test.ts')(
            'a page names rate, lag, bands, appointments, jobs and lateness',
            'the screen is given back once, with the cursor, and the keyboard too',
            'q and Ctrl-C leave, other keys do not',
          ),
        ],
      },
      {
        promise: 'colours only on a terminal',
        shownBy: [
          ...testsOf('services/cli/src/output/colour.test.ts')(
            'colours only on a terminal, unless somebody says otherwise',
          ),
          ...terminal('what is written to a file has no colours, what is written to a terminal has'),
        ],
      },
      {
        promise: '--json everywhere',
        shownBy: program('every command says what it is for, shows examples, and answers in JSON'),
      },
      {
        promise: 'exit codes are documented, and are those that commands end with',
        shownBy: [
          ...program('each exit code stands once in the table, and errors end with theirs'),
          ...upDown(
            'a command typed wrongly is 2, services that do not answer are 4, and Kafka and Redis nowhere are 3',
          ),
        ],
      },
      {
        promise: '--help with examples',
        shownBy: [
          ...program('every command says what it is for, shows examples, and answers in JSON'),
          ...terminal('every command prints its help, with examples'),
        ],
      },
      {
        promise: 'shell completion',
        shownBy: testsOf('services/cli/src/completion/completion.test.ts')(
          'offers commands, and those below a command',
          'offers the options of the command that was typed, and no other’s',
          'every command and option is in every script',
        ),
      },
    ],
  },
]
