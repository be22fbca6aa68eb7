import type { Command } from 'commander'
import { usageError } from '../errors.ts'
import { count, note, plural, print, printJson, table } from '../output/text.ts'

interface Options {
  readonly model: string
  readonly events: string[]
  readonly at: string
  readonly population: string
  readonly out: string
  readonly json?: true
}

export function addScore(program: Command): void {
  program
    .command('score')
    .summary('what a model says of every customer at an instant')
    .description(
      'Reads a log as it was known at an instant, through the same fold as the risk-worker, and writes customer_id, ' +
        'probability, band and reasons of everybody in the population: the way to check a model on data of your own.',
    )
    .requiredOption('--model <dir>', 'folder of a model, as train writes it')
    .requiredOption('--events <src...>', 'files of events (.ndjson, .ndjson.gz), or "kafka" for the topics')
    .requiredOption('--at <date>', 'a date (its first instant, UTC) or an RFC 3339 time')
    .option('--population <who>', 'ever (whoever has bought), or active:365d (whoever bought lately)', 'ever')
    .requiredOption('--out <path>', 'CSV file')
    .option('--json', 'print the summary as JSON')
    .addHelpText(
      'after',
      `
Example:
  npx holdfast score --model models/v1 --events events.ndjson --at 2010-11-30 --population active:365d --out scores.csv`,
    )
    .action(async (options: Options) => {
      const trainer = await import('@holdfast/trainer')
      const { loadBackend, openVersion, readVersion } = await import('@holdfast/scorer')
      const { withEvents } = await import('../import/open-events.ts')
      const { writeCsv } = await import('../output/csv-file.ts')
      const at = instantOf(options.at, trainer.parseInstant)
      const population = trainer.parsePopulation(options.population)
      const version = await openVersion(await loadBackend(), await readVersion(options.model))
      const bands: Record<string, number> = {}
      let expected = 0
      try {
        const rows = await withEvents(options.events, async ({ source, currency }) => {
          if (currency !== version.manifest.currency) {
            note(
              `amounts are in ${currency}, but the model learned from ${version.manifest.currency}: set BASE_CURRENCY`,
            )
          }
          async function* lines() {
            for await (const scored of trainer.scoreCustomers({ version, source, at, population })) {
              bands[scored.band] = (bands[scored.band] ?? 0) + 1
              expected += scored.probability
              yield [scored.customerId, scored.probability, scored.band, scored.reasons.join('; ')]
            }
          }
          const written = await writeCsv(options.out, ['customer_id', 'probability', 'band', 'reasons'], lines())
          const { end } = source.counts()
          if (end !== undefined && at > end) {
            note(`the log ends on ${trainer.iso(end)}: silence after it counts as silence of the customers`)
          }
          return written
        })
        const summary = {
          model: version.manifest.version,
          at: trainer.iso(at),
          customers: rows,
          expectedToChurn: expected,
          bands,
        }
        if (options.json) return printJson(summary)
        print(`${options.out}: ${plural(rows, 'customer')}, of whom ${count(Math.round(expected))} should churn`)
        print(table(Object.entries(bands), '  '))
      } finally {
        version.scorer.dispose()
      }
    })
}

/** @throws HoldfastError for what is no instant */
export function instantOf(text: string, parse: (text: string) => number | undefined): number {
  const at = parse(text)
  if (at === undefined) throw usageError(`"${text}" is neither a date such as 2010-11-30 nor an RFC 3339 time`)
  return at
}
