import { basename, dirname, join, resolve } from 'node:path'
import type { Backend } from '@holdfast/scorer'
import type { Stored } from '@holdfast/trainer'
import { type Command, InvalidArgumentError } from 'commander'
import { usageError } from '../errors.ts'
import { note, percent, plural, print, printJson, table } from '../output/text.ts'

interface Options {
  readonly events?: string[]
  readonly trainCutoffs?: string
  readonly testCutoff?: string
  readonly horizon?: string
  readonly population: string
  readonly until?: string
  readonly out?: string
  readonly precision?: number
  readonly capacity?: number
  readonly generatedShop?: true
  readonly customers?: number
  readonly champion?: string
  readonly models?: string
  readonly name?: string
  readonly json?: true
}

export function addTrain(program: Command): void {
  program
    .command('train')
    .summary('learn a new model version from the log')
    .description(
      'Replays a log through the same fold as the risk-worker, takes point-in-time rows at the training cutoffs, fits a ' +
        'logistic model with TensorFlow.js, measures it at a later cutoff, and writes model, manifest and reports, all or ' +
        'nothing. Without --train-cutoffs the input topics are read and cutoffs taken a month apart up to their end.',
    )
    .option('--events <src...>', 'files of events (.ndjson, .ndjson.gz), or "kafka" for the topics')
    .option(
      '--train-cutoffs <dates>',
      'instants of the training rows: dates (their first instant, UTC) or RFC 3339 times',
    )
    .option(
      '--test-cutoff <date>',
      'instant to measure the model at, which chooses nothing (default: the newest training cutoff, scored by a model of earlier ones)',
    )
    .option('--horizon <days>', 'churn is no purchase within so many days (default: 90d)')
    .option('--population <who>', 'ever (whoever has bought), or active:365d (whoever bought lately)', 'ever')
    .option('--until <date>', "until when everything is known (default: the end of the newest event's day)")
    .option('--precision <share>', 'at least this share of those called at risk churn, on the validation window', share)
    .option('--capacity <share>', 'at most this share of customers is called at risk', share)
    .option('--out <dir>', 'folder of the model; must not exist yet (default: the next of v1, v2, … under --models)')
    .option('--champion <dir>', 'model to hold the new one against (default: the newest of --models)')
    .option('--models <path>', 'folder of versions (default: MODELS_DIR)')
    .option('--name <version>', 'name of the version (default: the next of v1, v2, …)')
    .option(
      '--generated-shop',
      'learn from the log of the default generated shop instead, beside what could at best be known of it',
    )
    .option('--customers <n>', 'of the generated shop', wholeNumber)
    .option('--json', 'print the manifest as JSON')
    .addHelpText(
      'after',
      `
Examples:
  npx holdfast train --events events.ndjson --train-cutoffs 2010-05-01,2010-06-01 --test-cutoff 2010-09-01 --out my-model
  npx holdfast train                      from the topics, cutoffs chosen by themselves
  npx holdfast train --generated-shop     how the model that comes with Holdfast was made`,
    )
    .action(async (options: Options) => {
      if (options.customers !== undefined && !options.generatedShop)
        throw usageError('--customers needs --generated-shop')
      if ((options.events === undefined) !== (options.trainCutoffs === undefined))
        throw usageError('--events and --train-cutoffs belong together')
      if (options.testCutoff !== undefined && options.trainCutoffs === undefined)
        throw usageError('--test-cutoff needs --train-cutoffs')
      if (options.out !== undefined && (options.models !== undefined || options.name !== undefined))
        throw usageError('--out excludes --models and --name')
      const { manifest, dir, rows } = await train(options)
      if (options.json) return printJson(manifest)
      const { auc, logLoss, brier, n, baseRate, ceilings } = manifest.metrics
      print(`${manifest.version}: ${dir}`)
      print(
        table(
          [
            ['learned from', manifest.learnedFrom, plural(rows, 'row')],
            ['measured on', plural(n, 'customer'), `${percent(baseRate)} of them churned`],
            ['AUC', auc.toFixed(4)],
            ...(ceilings === undefined
              ? []
              : [
                  ['  given the events alone, at best', ceilings.posterior.toFixed(4)],
                  ['  with the truth known, at best', ceilings.latent.toFixed(4)],
                ]),
            ['log loss', logLoss.toFixed(4)],
            ['Brier score', brier.toFixed(4)],
          ],
          '  ',
        ),
      )
    })
}

async function train(options: Options) {
  const { createDecoder } = await import('@holdfast/contracts')
  const { loadBackend } = await import('@holdfast/scorer')
  const trainer = await import('@holdfast/trainer')
  const { modelsFolder, readSettings } = await import('../config.ts')
  const { customers, precision, capacity, events } = options
  const { place, name } = placeOf(options)
  const horizonDays =
    options.horizon === undefined ? undefined : trainer.parseHorizonMs(options.horizon) / trainer.DAY_MS
  if (horizonDays !== undefined && !Number.isInteger(horizonDays)) throw usageError('--horizon counts whole days: 90d')
  const models = options.models ?? modelsFolder(readSettings(process.env))
  const backend = await loadBackend()
  const champion = await openChampion(backend, models, options.champion)
  const common = {
    backend,
    now: Date.now(),
    progress: note,
    modelsDir: place ?? models,
    ...(champion && { champion }),
    ...(name !== undefined && { version: name }),
    settings: {
      ...(horizonDays !== undefined && { horizonDays }),
      ...((precision !== undefined || capacity !== undefined) && {
        atRisk: { ...(precision !== undefined && { precision }), ...(capacity !== undefined && { capacity }) },
      }),
    },
  }
  if (events !== undefined) return told(await trainOnEvents(events))
  return told(
    options.generatedShop
      ? await trainer.trainOnGeneratedShop({
          ...common,
          shop: { ...trainer.DEFAULT_SHOP, ...(customers !== undefined && { customers }) },
          currency: trainer.DEFAULT_SHOP_MONEY.base,
          decode: createDecoder(trainer.DEFAULT_SHOP_MONEY),
        })
      : await trainOnTopics(common),
  )

  function told({ dir, manifest, trained }: Stored) {
    return { dir, manifest, rows: trained.rows.training }
  }

  async function trainOnEvents(sources: readonly string[]) {
    const { withEvents } = await import('../import/open-events.ts')
    const until = options.until === undefined ? undefined : trainer.parseCutoffs(options.until)[0]
    const testCutoff = options.testCutoff === undefined ? undefined : trainer.parseCutoffs(options.testCutoff)[0]
    const request = {
      trainCutoffs: trainer.parseCutoffs(options.trainCutoffs ?? ''),
      population: trainer.parsePopulation(options.population),
      ...(testCutoff !== undefined && { testCutoff }),
      ...(until !== undefined && { until }),
    }
    return withEvents(sources, ({ source, currency }) =>
      trainer.trainOnSource({ ...common, ...request, source, currency }),
    )
  }

  async function trainOnTopics(store: typeof common) {
    const { withInstallation } = await import('../installation.ts')
    const { inputRecords } = await import('../log/input-records.ts')
    const { progressBar } = await import('../output/progress-bar.ts')
    return withInstallation(async (on) => {
      const { BASE_CURRENCY: base, CURRENCY_RATES: rates } = on.config
      const bar = progressBar('records')
      const records = inputRecords({
        kafka: on.kafka,
        admin: await on.admin(),
        topics: on.topics,
        onProgress: (read, total) => (read < total ? bar.update(read / total, read) : bar.end()),
      })
      const decode = createDecoder({ base, rates, topics: on.topics })
      return trainer.trainOnLog({ ...store, records, decode, currency: base })
    })
  }
}

/** The model that is named, or the newest that there is; an old one that no longer fits is no reason not to train. */
async function openChampion(backend: Backend, models: string, named: string | undefined) {
  const { listVersions, openVersion, readVersion } = await import('@holdfast/scorer')
  const newest = (await listVersions(models)).at(-1)
  const dir = named ?? (newest === undefined ? undefined : join(models, newest))
  if (dir === undefined) return undefined
  try {
    return await openVersion(backend, await readVersion(dir))
  } catch (error) {
    if (named !== undefined) throw error
    note(`not compared with ${dir}: ${error instanceof Error ? error.message : error}`)
    return undefined
  }
}

/** A model that is written somewhere of its own is named like its folder. */
function placeOf({ out, name }: Options): { place?: string; name?: string } {
  if (out !== undefined) return { place: dirname(resolve(out)), name: basename(resolve(out)) }
  return { ...(name !== undefined && { name }) }
}

function share(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && value > 0 && value <= 1) return value
  throw new InvalidArgumentError('expected a share above 0 and up to 1, such as 0.7')
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('expected a whole number above 0')
}
