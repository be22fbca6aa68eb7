import type { Chapter } from '../promise.ts'
import { testsOf } from '../promise.ts'
import { datasetRows, importRuns, trainCommand } from './tests.ts'

const CANNOT = 'what cannot be learned from'
const learned = testsOf('services/trainer/src/train-from-source.test.ts')
const untrainable = (...what: readonly string[]) =>
  learned(...what.map((test) => `${CANNOT} > ${test}: a clear error, and no half-written output`))
const checks = testsOf('services/trainer/src/learn/checks.test.ts')
const written = testsOf('services/trainer/src/dataset/write-dataset.test.ts')

export const BAD_LOGS: readonly Chapter[] = [
  {
    title: 'bad input: a clear message, a non-zero exit, no half-written output',
    promises: [
      {
        promise: 'empty logs',
        shownBy: [
          ...untrainable('an empty log'),
          ...written('an empty log leaves no file behind'),
          ...importRuns('an empty file: told, and no output'),
        ],
      },
      { promise: 'one class only', shownBy: untrainable('one class only') },
      {
        promise: 'constant and all-missing columns',
        shownBy: checks('names what is constant, whether missing altogether or not', 'refuses nothing that varies'),
      },
      {
        promise: 'NaN',
        shownBy: [
          ...checks('refuses no number'),
          ...datasetRows('a cutoff that is no number', 'a horizon that is no number'),
        ],
      },
      {
        promise: 'duplicate ids',
        shownBy: datasetRows('a log appended to itself is refused; a duplicate at once is dropped'),
      },
      {
        promise: 'cutoffs outside the log',
        shownBy: [
          ...datasetRows('a cutoff before the log', 'a cutoff after the log'),
          ...untrainable('cutoffs before the log', 'windows past the end'),
        ],
      },
      {
        promise: 'too few positives, saying how many are needed',
        shownBy: [
          ...untrainable('too few who stayed'),
          ...checks('refuses too few churners', 'refuses too few that stayed'),
        ],
      },
      {
        promise: 'a mapping that matches nothing',
        shownBy: importRuns(
          'a filter that fits nothing: told, and no output',
          'a column that is not there: told, and no output',
        ),
      },
      {
        promise: 'no half-written output, also when it fails midway',
        shownBy: written('%s leaves no file behind', 'an error in the midst of writing leaves no file behind'),
      },
      {
        promise: 'what goes wrong with a typed command is one clear sentence and a non-zero exit code',
        shownBy: trainCommand(
          'what goes wrong is told in one sentence, with exit code 1, and leaves nothing behind > %s',
        ),
      },
    ],
  },
]
