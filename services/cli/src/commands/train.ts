import { type Command, InvalidArgumentError } from 'commander'
import { usageError } from '../errors.ts'
import { note, percent, plural, print, printJson, table } from '../output/text.ts'

interface Options {
  readonly generatedShop?: true
  readonly customers?: number
  readonly models?: string
  readonly horizonDays?: number
  readonly name?: string
  readonly json?: true
}

export function addTrain(program: Command): void {
  program
    .command('train')
    .summary('learn a new model version from the log')
    .description(
      'Replays the input topics through the same fold as the risk-worker, takes point-in-time rows, fits a logistic model ' +
        'with TensorFlow.js, measures it on a later window, and writes it as a new version with its report. The risk-worker ' +
        'takes the newest version when it starts.',
    )
    .option(
      '--generated-shop',
      'learn from the log of the default generated shop instead, beside what could at best be known of it',
    )
    .option('--customers <n>', 'of the generated shop', wholeNumber)
    .option('--models <path>', 'folder of versions (default: MODELS_DIR)')
    .option('--name <version>', 'name of the version (default: the next of v1, v2, …)')
    .option('--horizon-days <n>', 'churn is no purchase within so many days', wholeNumber)
    .option('--json', 'print the manifest as JSON')
    .addHelpText(
      'after',
      `
Examples:
  npx holdfast train                      from the topics
  npx holdfast train --generated-shop     how the model that comes with Holdfast was made`,
    )
    .action(async (options: Options) => {
      if (options.customers !== undefined && !options.generatedShop)
        throw usageError('--customers needs --generated-shop')
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
  const { horizonDays, name, models, customers } = options
  const common = {
    backend: await loadBackend(),
    now: Date.now(),
    progress: note,
    modelsDir: models ?? modelsFolder(readSettings(process.env)),
    ...(name !== undefined && { version: name }),
    ...(horizonDays !== undefined && { settings: { horizonDays } }),
  }
  const { dir, manifest, trained } = options.generatedShop
    ? await trainer.trainOnGeneratedShop({
        ...common,
        shop: { ...trainer.DEFAULT_SHOP, ...(customers !== undefined && { customers }) },
        currency: trainer.DEFAULT_SHOP_MONEY.base,
        decode: createDecoder(trainer.DEFAULT_SHOP_MONEY),
      })
    : await trainOnTopics(common)
  return { dir, manifest, rows: trained.rows.training }

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

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('expected a whole number above 0')
}
