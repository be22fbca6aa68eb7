import type { Command } from 'commander'
import { print, printJson, table } from '../output/text.ts'
import { instantOf } from './score.ts'

interface Options {
  readonly model: string
  readonly champion?: string
  readonly events: string[]
  readonly at: string
  readonly population: string
  readonly until?: string
  readonly out: string
  readonly json?: true
}

export function addEvaluate(program: Command): void {
  program
    .command('evaluate')
    .summary('how good a model is, and against what, at an instant of a log')
    .description(
      'Measures a stored model on customers at an instant that it has not learned from: a report of one HTML file and the same ' +
        'figures as JSON beside it, next to the base rate, recency alone, BG/NBD and the champion on the same customers.',
    )
    .requiredOption('--model <dir>', 'folder of a model, as train writes it')
    .option('--champion <dir>', 'folder of the model in use, to compare with')
    .requiredOption('--events <src...>', 'files of events (.ndjson, .ndjson.gz), or "kafka" for the topics')
    .requiredOption('--at <date>', 'a date (its first instant, UTC) or an RFC 3339 time')
    .option('--population <who>', 'ever (whoever has bought), or active:365d (whoever bought lately)', 'ever')
    .option('--until <date>', "until when everything is known (default: the end of the newest event's day)")
    .requiredOption('--out <path>', 'report.html; report.json is written beside it')
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `
Example:
  npx holdfast evaluate --model models/v2 --champion models/v1 --events events.ndjson --at 2010-09-01 --out report.html`,
    )
    .action(async (options: Options) => {
      const trainer = await import('@holdfast/trainer')
      const { loadBackend, openVersion, readVersion } = await import('@holdfast/scorer')
      const { withEvents } = await import('../import/open-events.ts')
      const { writeWhole } = await import('../output/whole-file.ts')
      const at = instantOf(options.at, trainer.parseInstant)
      const until = options.until === undefined ? undefined : instantOf(options.until, trainer.parseInstant)
      const population = trainer.parsePopulation(options.population)
      const backend = await loadBackend()
      const open = async (dir: string) => openVersion(backend, await readVersion(dir))
      const version = await open(options.model)
      const champion = options.champion === undefined ? undefined : await open(options.champion)
      const { report, html } = await withEvents(options.events, async ({ source }) =>
        trainer.evaluateStored({
          ...{ version, source, at, population },
          training: await trainer.readTrainingRecord(options.model),
          ...(champion && { champion }),
          ...(until !== undefined && { until }),
        }),
      )
      const json = `${options.out.replace(/\.html?$/i, '')}.json`
      await writeWhole(options.out, html)
      await writeWhole(json, `${JSON.stringify(report, null, 2)}\n`)
      if (options.json) return printJson(report)
      print(
        `${options.out}, ${json}: ${report.rows} customers, ${(100 * report.baseRate).toFixed(1)} % of them churned`,
      )
      print(
        table(
          [
            ['', 'AUC', 'PR-AUC', 'log loss', 'Brier', 'ECE', 'lift 10 %'],
            ...report.compared.map(({ name, quality }) => [
              name,
              ...[quality.auc, quality.prAuc, quality.logLoss, quality.brier, quality.ece, quality.lift10].map(
                ({ value }) => value.toFixed(4),
              ),
            ]),
          ],
          '  ',
        ),
      )
      for (const what of report.missing) print(`  not compared: ${what}`)
    })
}
