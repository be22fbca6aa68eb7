/**
 * `npm run bench:learning`: how well the model learns real logs, beside the figures measured on the same logs with a ridge
 * logistic and with boosted trees. Raw files become events and events become a model by the commands that anybody would type.
 * Exit code 1 when a row falls behind the better column by more than AUC_SLACK or LOG_LOSS_SLACK, training takes too
 * long, or the logs are absent. `-- --features` tries features that the table does not have, `-- --value` how well
 * customers' value is foretold; neither judges.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tryFeatures } from './learning-features.ts'
import { absentLogs, holdfast, LOGS, type LogName, withLogs } from './learning-logs.ts'
import { tryValue } from './learning-value.ts'
import { measureTraining } from './training-speed.ts'

const AUC_SLACK = 0.005
const LOG_LOSS_SLACK = 0.008
/** For 200,000 rows. */
const MOST_TRAINING_SECONDS = 60

interface Quality {
  readonly auc: number
  readonly logLoss: number
}

interface Protocol {
  readonly name: string
  readonly log: LogName
  readonly horizonDays: number
  readonly test: string
  readonly cutoffs: readonly string[]
  readonly recency: number
  readonly ridge: Quality
  readonly trees: Quality
}

const CDNOW_CUTOFFS = [4, 5, 6, 7, 8, 9, 10, 11, 12].map((month) => endOfMonth(1997, month))
const RETAIL_CUTOFFS = [2, 3, 4, 5, 6, 7, 8, 9, 10].map((month) => `2010-${String(month).padStart(2, '0')}-01`)

const PROTOCOLS: readonly Protocol[] = [
  {
    name: 'CDNOW sample, 181 days, 1997-12-31',
    log: 'cdnow',
    horizonDays: 181,
    test: '1997-12-31',
    cutoffs: CDNOW_CUTOFFS.slice(0, 3),
    recency: 0.793,
    ridge: { auc: 0.803, logLoss: 0.414 },
    trees: { auc: 0.785, logLoss: 0.421 },
  },
  {
    name: 'CDNOW sample, 90 days, 1998-03-31',
    log: 'cdnow',
    horizonDays: 90,
    test: '1998-03-31',
    cutoffs: CDNOW_CUTOFFS,
    recency: 0.828,
    ridge: { auc: 0.835, logLoss: 0.284 },
    trees: { auc: 0.837, logLoss: 0.282 },
  },
  {
    name: 'Retail year 1, 90 days, 2010-09-01',
    log: 'retail',
    horizonDays: 90,
    test: '2010-09-01',
    cutoffs: RETAIL_CUTOFFS.slice(0, 5),
    recency: 0.664,
    ridge: { auc: 0.727, logLoss: 0.606 },
    trees: { auc: 0.732, logLoss: 0.604 },
  },
  {
    name: 'Retail year 1, 30 days, 2010-10-31',
    log: 'retail',
    horizonDays: 30,
    test: '2010-10-31',
    cutoffs: RETAIL_CUTOFFS.slice(1),
    recency: 0.64,
    ridge: { auc: 0.713, logLoss: 0.564 },
    trees: { auc: 0.723, logLoss: 0.553 },
  },
]

const absent = absentLogs()
if (absent.length > 0) {
  console.error(`nothing was measured: ${absent.join(', ')} is absent`)
  process.exitCode = 1
} else if (process.argv.includes('--features')) {
  await withLogs(tryFeatures)
} else if (process.argv.includes('--value')) {
  await withLogs(tryValue)
} else {
  process.exitCode = (await withLogs(measureAll)) ? 0 : 1
}

/** Prints the table. @returns whether every row is good enough */
async function measureAll(folder: string): Promise<boolean> {
  const columns = [36, 7, 8, 15, 15, 15, 24, 8]
  const line = (cells: readonly string[]) =>
    console.log(
      cells
        .map((cell, i) => cell.padEnd(columns[i]!))
        .join(' ')
        .trimEnd(),
    )
  const missed: string[] = []
  console.log('AUC / log loss out of time; the bar is the better column less .005 AUC, plus .008 log loss\n')
  line(['log, horizon, tested instant', 'n', 'recency', 'ridge', 'trees', 'bar', 'Holdfast', 'ridge chosen'])
  for (const [i, protocol] of PROTOCOLS.entries()) {
    const { manifest, seconds } = await learn(protocol, folder, `m${i + 1}`)
    const { n, auc, logLoss } = manifest.metrics
    const bar = barOf(protocol)
    const isMissed = !(auc >= bar.auc && logLoss <= bar.logLoss)
    if (isMissed) missed.push(protocol.name)
    line([
      protocol.name,
      n.toLocaleString('en-US'),
      protocol.recency.toFixed(3),
      show(protocol.ridge, 3),
      show(protocol.trees, 3),
      show(bar, 3),
      `${show({ auc, logLoss }, 4)} ${isMissed ? 'MISSED' : 'ok'}`,
      `${manifest.ridge} (${seconds.toFixed(1)} s)`,
    ])
  }
  const speed = await measureTraining()
  console.log(
    `\ntraining on ${speed.rows.toLocaleString('en-US')} rows, ridge chosen on three windows: ${speed.seconds.toFixed(1)} s (below ${MOST_TRAINING_SECONDS}) on backend "${speed.backend}", gradient ${speed.gradientNorm.toExponential(1)}`,
  )
  if (!(speed.seconds < MOST_TRAINING_SECONDS && speed.converged)) missed.push('training speed')
  if (missed.length > 0) console.log(`\nmissed: ${missed.join('; ')}`)
  return missed.length === 0
}

interface Learned {
  readonly ridge: number
  readonly metrics: Quality & { readonly n: number }
}

async function learn(protocol: Protocol, folder: string, name: string) {
  const out = join(folder, name)
  const { log, horizonDays, cutoffs, test } = protocol
  const began = performance.now()
  await holdfast(
    [
      'train',
      '--events',
      join(folder, `${log}.ndjson`),
      '--train-cutoffs',
      cutoffs.join(','),
      '--test-cutoff',
      test,
      '--horizon',
      `${horizonDays}d`,
      '--out',
      out,
    ],
    LOGS[log].money,
  )
  const manifest: Learned = JSON.parse(await readFile(join(out, 'manifest.json'), 'utf8'))
  return { manifest, seconds: (performance.now() - began) / 1_000 }
}

function barOf({ ridge, trees }: Protocol): Quality {
  return {
    auc: Math.max(ridge.auc, trees.auc) - AUC_SLACK,
    logLoss: Math.min(ridge.logLoss, trees.logLoss) + LOG_LOSS_SLACK,
  }
}

function show({ auc, logLoss }: Quality, digits: number): string {
  return `${auc.toFixed(digits)} / ${logLoss.toFixed(digits)}`
}

function endOfMonth(year: number, month: number): string {
  return new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10)
}
