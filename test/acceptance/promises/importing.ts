import type { Chapter } from '../promise.ts'
import { testsOf } from '../promise.ts'
import { DATA_ABSENT, importMaps, importRuns, RETAIL_LOG, retail, terminal } from './tests.ts'

const imports = testsOf('services/cli/src/import/import.test.ts')
const sending = testsOf('test/integration/cli/produce-import.test.ts')
const map = testsOf('shared/contracts/src/event-map.test.ts')
const bridge = testsOf('test/integration/dataset/bridge.test.ts')

export const IMPORTING: readonly Chapter[] = [
  {
    title: 'import',
    promises: [
      {
        promise: '`import FILE… --map MAP` to the topics, or with --out to a file of events',
        shownBy: sending(
          'import brings a packed CSV file into the topics and puts bad rows aside',
          'import writes to a file, or only shows, without any Kafka',
        ),
      },
      {
        promise: 'CSV, also packed by gzip, separated by white space, or without a header',
        shownBy: [
          ...imports(
            'rows of Online Retail become events, plain or packed',
            'columns may be padded with blanks and named by the map',
          ),
          ...map(
            'a map of a file without header > makes several events of a row, ids from row numbers, and leaves out what is empty',
          ),
        ],
      },
      { promise: 'NDJSON', shownBy: importRuns('NDJSON, packed, with a broken line between') },
      { promise: 'Parquet', shownBy: importRuns('Parquet, with instants') },
      {
        promise: 'a map names columns, constants, date formats and time zone',
        shownBy: map(
          'the map of Online Retail > makes a purchase of a purchase',
          'the map of Online Retail > makes a cancellation without sign of a cancellation, in summer time',
          'createLocalTime > %s in %s: %s',
        ),
      },
      {
        promise: 'a map filters rows and makes one row several events',
        shownBy: map(
          'a map of a file without header > makes several events of a row, ids from row numbers, and leaves out what is empty',
        ),
      },
      {
        promise: 'a map groups the rows of one order',
        shownBy: [
          ...importMaps('Online Retail II, line by line: an invoice is one purchase, a cancelled one has no sign'),
          ...importRuns('amounts as spreadsheets write them, and rows of a group that come too late'),
        ],
      },
      {
        promise: 'a progress bar with rate and remaining time',
        shownBy: terminal('an import shows a bar with share, rate and remaining time, and removes it'),
      },
      {
        promise: 'bad rows go to a side file, with line number and reason',
        shownBy: [
          ...sending('import brings a packed CSV file into the topics and puts bad rows aside'),
          ...imports('bad rows are named with line and reason, and the rest goes on'),
        ],
      },
      {
        promise: 'an import that was broken off goes on where it was',
        shownBy: importRuns('%s, goes on where it was and ends as one that was not'),
      },
      {
        promise: '--dry-run shows the first ten events',
        shownBy: [
          ...imports('a dry run stops after the first events'),
          ...sending('import writes to a file, or only shows, without any Kafka'),
        ],
      },
      {
        promise: 'maps for the two logs under ../shared/data',
        shownBy: [
          ...importMaps(
            'every map that comes with Holdfast has an example here',
            'CDNOW: equal purchases of one day are two',
          ),
          ...retail({ test: RETAIL_LOG, skippedWhere: DATA_ABSENT }),
        ],
      },
      {
        promise: 'maps for contacts exported from HubSpot and Salesforce',
        shownBy: importMaps('HubSpot', 'Salesforce'),
      },
      {
        promise: 'a map for Zendesk tickets',
        shownBy: importMaps('Zendesk: one ticket makes several events, nested fields and absent ones included'),
      },
      {
        promise: '`bridge --map MAP` turns live topics of another shape into events',
        shownBy: bridge(
          'an order topic as it is becomes purchases: each record once over two runs, bad ones among the dead letters',
          'a bridge names what is missing before it reads anything',
        ),
      },
    ],
  },
]
