import type { Chapter } from '../promise.ts'
import { testsOf } from '../promise.ts'
import { datasetRows } from './tests.ts'

const live = testsOf('test/integration/dataset/live-vectors.test.ts')
const LIVE =
  'the vectors in a dataset, from files and from the topics, are those that the live pipeline held at that instant'
const written = testsOf('services/trainer/src/dataset/write-dataset.test.ts')

export const DATASETS: readonly Chapter[] = [
  {
    title: 'datasets',
    promises: [
      {
        promise: '`dataset --events SRC --cutoffs … --horizon … --out`, where SRC is files or the topics themselves',
        shownBy: live(LIVE),
      },
      { promise: 'to Parquet or CSV', shownBy: written('Parquet and CSV hold the same rows as memory, to the bit') },
      {
        promise: 'rows are point-in-time, through the one fold',
        shownBy: [...live(LIVE), ...datasetRows('every vector is that of a naive replay of what was known (seed %i)')],
      },
      {
        promise: 'a label is no purchase in (cutoff, cutoff + horizon]',
        shownBy: datasetRows('churn is no purchase in (cutoff, cutoff + horizon], both ends to the millisecond'),
      },
      { promise: '--population ever|active:365d', shownBy: datasetRows('whoever has bought, or bought lately') },
      {
        promise: 'one pass over the log for all cutoffs',
        shownBy: datasetRows('rows come by cutoff and customer, whatever the order of log and cutoffs'),
      },
      {
        promise: 'the leakage guard refuses a random split',
        shownBy: datasetRows('a random split is refused with the reason'),
      },
      {
        promise:
          'it refuses a label window that reaches past the end of what is known (--until; by default the end of the last event’s day)',
        shownBy: datasetRows(
          'a window may reach to the end of the newest event’s day, and no further',
          'a cutoff after the log',
          'what we decided ourselves, today, does not make the log reach to today',
        ),
      },
      {
        promise: 'it refuses anything that was not yet known at the cutoff',
        shownBy: datasetRows(
          'history that says it was recorded only today is told from a cutoff that is too early',
          'a purchase that became known late still counts for the label, when it happened, unless that is after until',
        ),
      },
      {
        promise:
          'from Kafka it is a consumer group: any number of processes, one Parquet part a partition, resumable by partition',
        shownBy: live(LIVE),
      },
    ],
  },
]
