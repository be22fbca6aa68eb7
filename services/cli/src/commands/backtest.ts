import { join } from 'node:path'
import type { BacktestReport, Judged } from '@holdfast/trainer'
import { type Command, Option } from 'commander'
import { usageError } from '../errors.ts'
import { note, percent, plural, print, printJson, table } from '../output/text.ts'
import { instantOf } from './score.ts'

interface Options {
  readonly events: string[]
  readonly policy: string
  readonly from: string
  readonly to: string
  readonly model?: string
  readonly assume: 'delivered' | 'none'
  readonly out?: string
  readonly json?: true
}

const KINDS = ['proactive-outreach', 'reactivation'] as const

export function addBacktest(program: Command): void {
  program
    .command('backtest')
    .summary('what a policy would have done on a log, before anything is sent')
    .description(
      'Lives through a log once more on its own time: folds it, evaluates whoever is due, decides by the policy, and holds what was ' +
        'decided against what customers did afterwards. Nothing is sent. It starts at --from like a new installation that has ' +
        'read the log so far; consents and answers in the log hold, and what another policy sent within the window does not count.',
    )
    .requiredOption('--events <src...>', 'files of events (.ndjson, .ndjson.gz), or "kafka" for the topics')
    .requiredOption('--policy <file>', 'policy to try, YAML; infra/policy/default.yaml shows every setting')
    .requiredOption('--from <date>', 'first decisions: a date (its first instant, UTC) or an RFC 3339 time')
    .requiredOption('--to <date>', 'end of the decisions; what the log tells afterwards judges them')
    .option('--model <dir>', 'folder of a model (default: the newest of MODELS_DIR)')
    .addOption(
      new Option(
        '--assume <what>',
        'what becomes of a job: delivered when it is queued, which starts its cooldown, or not',
      )
        .choices(['delivered', 'none'])
        .default('delivered'),
    )
    .option('--out <dir>', 'new folder for backtest.json and days.csv')
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `
Example:
  npx holdfast backtest --events events.ndjson --policy infra/policy/default.yaml --from 2010-06-01 --to 2010-09-01

Nobody in the log was written to under this policy, so the share that churned is that of customers left alone. Sooner or later
each customer's events must be read in the order in which they became known: a log that is not in that order is sorted in memory.`,
    )
    .action(async (options: Options) => {
      const { report, unlike } = await run(options)
      for (const remark of unlike) note(remark)
      if (options.json) return printJson(report)
      printReport(report)
    })
}

async function run(options: Options): Promise<{ report: BacktestReport; unlike: string[] }> {
  const trainer = await import('@holdfast/trainer')
  const { withEvents } = await import('../import/open-events.ts')
  const from = instantOf(options.from, trainer.parseInstant)
  const to = instantOf(options.to, trainer.parseInstant)
  if (from >= to) throw usageError(`--from ${options.from} must lie before --to ${options.to}`)
  const policy = await readPolicy(options.policy)
  if (options.out !== undefined) await requireNew(options.out)
  const { model, currency, folder } = await openModel(options.model)
  const training = await trainer.readTrainingRecord(folder)
  const request = { context: { model, policy, modelMaySend: true }, from, to, assume: options.assume }
  const unlike: string[] = []
  const report = await withEvents(options.events, async ({ source, currency: ours }) => {
    if (ours !== currency) {
      unlike.push(`amounts are in ${ours}, but the model learned from ${currency}: set BASE_CURRENCY`)
    }
    const ran = await trainer.runBacktest({ ...request, source })
    if (!ran.inOrder) unlike.push('the log is not in the order in which it became known: it was sorted in memory')
    const { generated, events } = source.counts()
    if (model.learnedFrom === 'generated-shop' && generated <= events / 2 && !policy.sendWithGeneratedModel) {
      unlike.push(
        `model ${model.version} learned from a generated shop: live it would contact nobody on this log unless the policy says sendWithGeneratedModel; here it may`,
      )
    }
    const states = Array.from(ran.states(), ([, state]) => state)
    const drift = training && trainer.measureDrift(training, model, states, to)
    return trainer.backtestReport(request, ran, drift)
  })
  if (options.out !== undefined) await write(options.out, report)
  return { report, unlike }
}

async function readPolicy(file: string) {
  const { readFile } = await import('node:fs/promises')
  const { parsePolicy } = await import('@holdfast/contracts')
  const { fileUnreadable } = await import('../errors.ts')
  const text = await readFile(file, 'utf8').catch((cause: unknown) => Promise.reject(fileUnreadable(file, cause)))
  return parsePolicy(text, file)
}

/** The weights in plain arithmetic, once the model has been found to be whole. */
async function openModel(dir: string | undefined) {
  const { listVersions, loadBackend, openVersion, readVersion } = await import('@holdfast/scorer')
  const { modelsFolder, readSettings } = await import('../config.ts')
  const { HoldfastError } = await import('@holdfast/platform')
  const settings = readSettings(process.env)
  const models = modelsFolder(settings)
  const name = settings.MODEL_VERSION || (await listVersions(models)).at(-1)
  const folder = dir ?? (name === undefined ? undefined : join(models, name))
  if (folder === undefined) {
    throw new HoldfastError({
      code: 'NO_MODEL',
      message: `there is no model under ${models}`,
      cure: 'name one with --model, or train one: npx holdfast train.',
    })
  }
  const { manifest, riskModel, scorer } = await openVersion(await loadBackend(), await readVersion(folder))
  scorer.dispose()
  return { model: riskModel, currency: manifest.currency, folder }
}

async function requireNew(dir: string): Promise<void> {
  const { readdir } = await import('node:fs/promises')
  const { HoldfastError } = await import('@holdfast/platform')
  const files = await readdir(dir).catch((error: unknown) =>
    error instanceof Error && 'code' in error && error.code === 'ENOENT' ? [] : [String(error)],
  )
  if (files.length === 0) return
  throw new HoldfastError({
    code: 'OUT_TAKEN',
    message: `${dir} exists already and is no empty folder`,
    cure: 'choose another --out: a backtest is never written over.',
  })
}

/** The folder is there with both files or not at all. */
async function write(dir: string, report: BacktestReport): Promise<void> {
  const { mkdir, rename, rm } = await import('node:fs/promises')
  const { writeCsv } = await import('../output/csv-file.ts')
  const { fileUnwritable, writeWhole } = await import('../output/whole-file.ts')
  const { backtestDays } = await import('@holdfast/trainer')
  const draft = `${dir.replace(/\/+$/, '')}.${process.pid}.part`
  try {
    await mkdir(draft, { recursive: true })
    await writeWhole(join(draft, 'backtest.json'), `${JSON.stringify(report, null, 2)}\n`)
    const { header, rows } = backtestDays(report)
    await writeCsv(join(draft, 'days.csv'), header, rows)
    await rename(draft, dir)
  } catch (thrown) {
    await rm(draft, { recursive: true, force: true })
    throw thrown instanceof Error && 'syscall' in thrown ? fileUnwritable(dir, thrown) : thrown
  }
}

function printReport(report: BacktestReport): void {
  const { jobs, aDay, contacted, everybody, warning, withheld, days, horizonDays } = report
  print(
    `${report.from} to ${report.to}, model ${report.model}, ${plural(report.events, 'event')} of ${plural(report.customers, 'customer')}`,
  )
  print(
    table(
      [
        ['', 'jobs', 'at the start', 'a day', 'most a day', `bought nothing in ${horizonDays} days`],
        ...KINDS.map((kind) => [
          kind,
          jobs[kind].queued,
          jobs[kind].atStart,
          `${aDay[kind].mean.toFixed(1)} (median ${aDay[kind].median})`,
          aDay[kind].mostOn === undefined ? '-' : `${aDay[kind].most} on ${aDay[kind].mostOn}`,
          judgedText(contacted[kind]),
        ]),
        ['everybody not lapsed at the start', '', '', '', '', judgedText(everybody)],
      ],
      '  ',
    ),
  )
  const { lapsed, warned, days: spread } = warning
  print(
    `${plural(lapsed, 'lapse')}, ${plural(warned, 'of them', 'of them')} at risk before` +
      (spread === undefined
        ? ''
        : `: ${spread.median.toFixed(1)} days of warning at the median, ${spread.p10.toFixed(1)} to ${spread.p90.toFixed(1)} for most`) +
      `; outreach queued in time for ${warning.contacted}`,
  )
  if (withheld.length > 0) {
    print('withheld')
    print(
      table(
        withheld.map(({ action, reason, times }) => [action, reason, times]),
        '  ',
      ),
    )
  }
  if (report.drift !== undefined) {
    const { score, features } = report.drift
    const most = features.slice(0, 3).map(({ feature, psi }) => `${feature} ${psi.toFixed(2)}`)
    print(
      `drift since training (PSI, 0.25 and more is another population): score ${score.toFixed(2)}; most in ${most.join(', ')}`,
    )
  }
  const shown = days.filter(({ day }, i) => i === days.length - 1 || day.endsWith('-01'))
  print('customers in each band at the end of the day')
  print(
    table(
      [
        ['', 'prospect', 'healthy', 'watch', 'at_risk', 'lapsed'],
        ...shown.map(({ day, bands }) => [
          ...[day, bands.prospect, bands.healthy, bands.watch, bands.at_risk, bands.lapsed],
        ]),
      ],
      '  ',
    ),
  )
}

function judgedText({ judged, share, notYet }: Judged): string {
  const open = notYet > 0 ? `, ${notYet} not known yet` : ''
  return share === undefined ? `-${open}` : `${percent(share)} of ${judged}${open}`
}
