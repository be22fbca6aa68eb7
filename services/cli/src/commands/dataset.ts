import type { Command } from 'commander'
import { isFromTopics, withEvents, withKafka } from '../import/open-events.ts'
import { progressBar } from '../output/progress-bar.ts'
import { note, percent, plural, print, printJson, table } from '../output/text.ts'

interface Options {
  readonly events: string[]
  readonly cutoffs: string
  readonly horizon: string
  readonly population: string
  readonly until?: string
  readonly split?: string
  readonly out: string
  readonly json?: true
}

export function addDataset(program: Command): void {
  program
    .command('dataset')
    .summary('point-in-time rows for training, from files or the topics')
    .description(
      'Takes every customer at each cutoff, in one pass over the log and through the same fold as the risk-worker: the features ' +
        'as they were known then, and whether no purchase followed within the horizon. Refuses what would leak: windows that ' +
        'reach past the end of what is known, and random splits.',
    )
    .requiredOption('--events <src...>', 'files of events (.ndjson, .ndjson.gz), or "kafka" for the topics')
    .requiredOption('--cutoffs <dates>', 'instants of the rows: dates (their first instant, UTC) or RFC 3339 times')
    .option('--horizon <days>', 'churn is no purchase within so many days', '90d')
    .option('--population <who>', 'ever (whoever has bought), or active:365d (whoever bought lately)', 'ever')
    .option('--until <date>', "until when everything is known (default: the end of the newest event's day)")
    .option('--split <rule>', 'adds a column: time:DATE marks labels known by then as train, later cutoffs as test')
    .requiredOption(
      '--out <path>',
      'rows.parquet or rows.csv; from the topics a folder of that name, one part a partition',
    )
    .option('--json', 'print the summary as JSON')
    .addHelpText(
      'after',
      `
Examples:
  npx holdfast dataset --events events.ndjson --cutoffs 2010-06-01,2010-07-01 --horizon 90d --out rows.parquet
  npx holdfast dataset --events kafka --cutoffs 2026-05-01,2026-06-01 --population active:365d --out rows.parquet

From the topics, start the same command as often as you like, on any machines that see the same folder: Kafka shares the
partitions out, each becomes one part, and what is there already is not done again.`,
    )
    .action(async (options: Options) => {
      const trainer = await import('@holdfast/trainer')
      const until = options.until === undefined ? undefined : trainer.parseCutoffs(options.until)[0]
      const splitAt = options.split === undefined ? undefined : trainer.parseSplit(options.split)
      const request = {
        cutoffs: trainer.parseCutoffs(options.cutoffs),
        horizonMs: trainer.parseHorizonMs(options.horizon),
        population: trainer.parsePopulation(options.population),
        ...(until !== undefined && { until }),
        ...(splitAt !== undefined && { splitAt }),
      }
      const summary = isFromTopics(options.events)
        ? await fromTopics(options.out, request)
        : await withEvents(options.events, async ({ source }) => {
            const made = await trainer.writeDataset({ ...request, source, out: options.out })
            if (made.countedTwice > 0)
              note(
                `${plural(made.countedTwice, 'event')} came twice, too far apart to be dropped: they are counted twice`,
              )
            return { ...made, until: trainer.iso(made.until) }
          })
      if (options.json) return printJson(summary)
      const { rows, churned, byCutoff } = summary
      print(`${options.out}: ${plural(rows, 'row')}, ${percent(churned / Math.max(1, rows))} churned`)
      print(
        table(
          byCutoff.map((one) => [one.cutoff, one.rows, `${percent(one.churned / one.rows)} churned`]),
          '  ',
        ),
      )
    })
}

type Request = Pick<
  import('@holdfast/trainer').WriteDatasetOptions,
  'cutoffs' | 'horizonMs' | 'population' | 'splitAt'
> & {
  readonly until?: number
}

async function fromTopics(out: string, request: Request) {
  const { createDecoder } = await import('@holdfast/contracts')
  const { formatOf, iso, writeParts } = await import('@holdfast/trainer')
  const format = formatOf(out)
  const bar = progressBar('records')
  return withKafka(async (on) => {
    const { BASE_CURRENCY: base, CURRENCY_RATES: rates } = on.config
    const written = await writeParts({
      ...request,
      kafka: on.kafka,
      admin: await on.admin(),
      log: on.log,
      topics: on.topics,
      decode: createDecoder({ base, rates, topics: on.topics }),
      about: { currency: base, rates: JSON.stringify(rates) },
      dir: out,
      format,
      onProgress: bar.update,
    }).finally(() => bar.end())
    const { parts } = written
    const sum = (of: (part: (typeof parts)[number]) => number) => parts.reduce((total, part) => total + of(part), 0)
    const cutoffs = [...new Set(parts.flatMap(({ byCutoff }) => byCutoff.map(({ cutoff }) => cutoff)))].sort()
    const invalid = sum((part) => part.invalid)
    if (invalid > 0) {
      const first = parts.find(({ firstInvalid }) => firstInvalid !== undefined)?.firstInvalid
      note(`${plural(invalid, 'record')} left out as no events, the first: ${first}`)
    }
    return {
      rows: sum((part) => part.rows),
      churned: sum((part) => part.churned),
      customers: sum((part) => part.customers),
      events: sum((part) => part.events),
      until: iso(written.until),
      parts: parts.length,
      writtenHere: written.writtenHere,
      byCutoff: cutoffs.map((cutoff) => {
        const at = parts.flatMap(({ byCutoff }) => byCutoff.filter((one) => one.cutoff === cutoff))
        const add = (of: 'rows' | 'churned') => at.reduce((total, one) => total + one[of], 0)
        return { cutoff, rows: add('rows'), churned: add('churned') }
      }),
    }
  })
}
