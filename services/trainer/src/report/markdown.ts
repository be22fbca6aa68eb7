import type { Manifest } from '@holdfast/contracts'
import { FEATURE_GROUPS, FEATURES } from '@holdfast/core'
import type { CustomerValueFit } from '../fit/value.ts'
import type { MeasuredThreshold, Trained } from '../learn/learn.ts'
import type { Evaluation } from './evaluation.ts'

export interface LogSummary {
  readonly events: number
  /** Records of unknown type, and records that are no event. */
  readonly skipped: number
  readonly invalid: number
  readonly backend: string
}

/** The report that a data engineer reads before a model goes to work. */
export function markdownReport(manifest: Manifest, trained: Trained, log: LogSummary, value: CustomerValueFit): string {
  const { all, notLapsed, rows, fit } = trained
  const { dataSpan, horizonDays, learnedFrom } = manifest
  return [
    `# Churn model ${manifest.version}`,
    '',
    `Chance that a customer makes no purchase in the next ${horizonDays} days. Learned from ${
      learnedFrom === 'log' ? 'a log' : "a generated shop's log"
    } of ${log.events} events, ${day(dataSpan.from)} to ${day(dataSpan.to)}, on TensorFlow.js backend \`${log.backend}\`${
      log.skipped + log.invalid > 0
        ? `; ${log.skipped} records of unknown type and ${log.invalid} broken ones were left out`
        : ''
    }.`,
    '',
    '## How well it ranks and how honest it is',
    '',
    `Measured out of time: one row a customer on ${day(manifest.evaluationCutoffs[0]!)}, later than everything the model learned from.`,
    '',
    '| | whoever has bought | not lapsed |',
    '|---|--:|--:|',
    ...line('customers', [all, notLapsed], ({ rows }) => String(rows)),
    ...line('churned', [all, notLapsed], ({ baseRate }) => percent(baseRate)),
    ...line('**AUC of the model**', [all, notLapsed], (e) => `**${fixed(e.auc)}** ± ${fixed(e.aucStandardError)}`),
    ...line('AUC of recency alone', [all, notLapsed], ({ recencyAuc }) => fixed(recencyAuc)),
    ...ceilingLines(all, notLapsed),
    ...line('average precision', [all, notLapsed], ({ averagePrecision }) => fixed(averagePrecision)),
    ...line('log loss', [all, notLapsed], ({ logLoss }) => fixed(logLoss)),
    ...line('log loss of the base rate', [all, notLapsed], ({ baseLogLoss }) => fixed(baseLogLoss)),
    ...line('Brier score', [all, notLapsed], ({ brier }) => fixed(brier)),
    ...line('calibration error', [all, notLapsed], ({ calibrationError }) => fixed(calibrationError)),
    '',
    'Lapsed customers have been silent for the whole horizon already; their band follows from that rule, not from the model.',
    ...(all.ceilings
      ? ['No model that reads the same events can rank better, on average, than the posterior given the events.']
      : []),
    '',
    '## Bands',
    '',
    'Bounds were chosen on the validation window; the test window had no say.',
    '',
    '| band from | logit | chosen for | share of customers | precision | recall | on the test window |',
    '|---|--:|---|--:|--:|--:|---|',
    thresholdLine('watch', trained.thresholds.watch),
    thresholdLine('at_risk', trained.thresholds.atRisk),
    '',
    '## Calibration on the test window, whoever has bought',
    '',
    '| said | customers | mean said | came true |',
    '|---|--:|--:|--:|',
    ...all.reliability.map(
      ({ from, to, rows, predicted, observed }) =>
        `| ${percent(from)} to ${percent(to)} | ${rows} | ${percent(predicted)} | ${percent(observed)} |`,
    ),
    '',
    '## Training',
    '',
    `${rows.training} rows of ${manifest.features.length} features at ${manifest.trainingCutoffs.length} cutoffs, ${day(manifest.trainingCutoffs[0]!)} to ${day(manifest.trainingCutoffs.at(-1)!)}. L-BFGS ${
      fit.converged ? 'converged' : 'stopped'
    } after ${fit.iterations} steps; the largest gradient component is ${fit.gradientNorm.toExponential(1)} of the rows.`,
    '',
    '| ridge | log loss, validation | AUC, validation | steps |',
    '|--:|--:|--:|--:|',
    ...trained.trials.map(
      (trial) =>
        `| ${trial.ridge}${trial.ridge === trained.ridge ? ' (chosen)' : ''} | ${fixed(trial.logLoss)} | ${fixed(trial.auc)} | ${trial.iterations} |`,
    ),
    '',
    '## What customers will be worth',
    '',
    ...valueLines(value, manifest.currency),
    '',
    '## What it looks at',
    '',
    'Spread of what each group of features adds to the logit: the sum of its absolute standardised weights.',
    '',
    '| group | weight | strongest feature |',
    '|---|--:|---|',
    ...groupLines(fit.standardised.weights),
    '',
  ].join('\n')
}

function valueLines(fit: CustomerValueFit, currency: string): string[] {
  if (fit.value === undefined) {
    return [`Not said: ${fit.why}. What is at stake then goes by each customer's own pace of spending.`]
  }
  const { bgNbd, gammaGamma, customers, repeatCustomers, fittedAt, horizonDays, yearlyDiscount } = fit.value
  const { logLikelihood, check } = fit
  const show = (parameters: Readonly<Record<string, number>>) =>
    Object.entries(parameters)
      .map(([name, value]) => `${name} ${value.toFixed(3)}`)
      .join(', ')
  return [
    `Fitted to the purchases of ${customers} customers up to ${day(fittedAt)}, ${repeatCustomers} of whom had come back. What is at stake counts ${horizonDays} days ahead, money in a year at ${percent(yearlyDiscount)} less.`,
    '',
    '| model | parameters | log-likelihood |',
    '|---|---|--:|',
    `| BG/NBD, a week | ${show(bgNbd)} | ${logLikelihood.bgNbd.toFixed(1)} |`,
    `| gamma-gamma, ${currency} | ${show(gammaGamma)} | ${logLikelihood.gammaGamma.toFixed(1)} |`,
    '',
    check === undefined
      ? 'Not held against what came: the purchases that were noted end before the horizon does.'
      : `Out of time, ${day(new Date(check.from).toISOString())} to ${day(new Date(check.to).toISOString())}: ${check.purchases.expected.toFixed(0)} days with a purchase expected and ${check.purchases.came} seen, ${check.amount.expected.toFixed(0)} ${currency} expected and ${check.amount.came.toFixed(0)} taken; the tenth of whom most was expected brought ${percent(check.fromTopTenth)} of it.`,
  ]
}

function line(name: string, both: readonly Evaluation[], cell: (evaluation: Evaluation) => string): string[] {
  return [`| ${name} | ${both.map(cell).join(' | ')} |`]
}

function ceilingLines(all: Evaluation, notLapsed: Evaluation): string[] {
  if (all.ceilings === undefined) return []
  return [
    ...line('ceiling: posterior given the events alone', [all, notLapsed], (e) => fixed(e.ceilings?.posterior)),
    ...line('ceiling: latent truth known', [all, notLapsed], (e) => fixed(e.ceilings?.latent)),
  ]
}

function thresholdLine(
  band: string,
  { logit, rule, kept, flagged, precision, recall, onTest }: MeasuredThreshold,
): string {
  const goal = [
    ...(rule.precision === undefined ? [] : [`precision ${percent(rule.precision)}`]),
    ...(rule.capacity === undefined ? [] : [`at most ${percent(rule.capacity)} of customers`]),
  ].join(', ')
  const cells = [
    band,
    logit.toFixed(3),
    kept ? goal : `${goal} (not reached)`,
    percent(flagged),
    percent(precision),
    percent(recall),
    `${percent(onTest.flagged)} of customers, precision ${percent(onTest.precision)}, recall ${percent(onTest.recall)}`,
  ]
  return `| ${cells.join(' | ')} |`
}

function groupLines(weights: Float64Array): string[] {
  return FEATURE_GROUPS.map((group) => {
    const members = FEATURES.flatMap((row, i) =>
      row.group === group ? [{ name: row.name, size: Math.abs(weights[i]!) }] : [],
    )
    const strongest = members.reduce((a, b) => (b.size > a.size ? b : a), { name: '', size: 0 })
    return { group, total: members.reduce((sum, { size }) => sum + size, 0), strongest: strongest.name }
  })
    .sort((a, b) => b.total - a.total)
    .map(({ group, total, strongest }) => `| ${group} | ${total.toFixed(2)} | ${strongest} |`)
}

function fixed(value: number | undefined): string {
  return value === undefined ? '' : value.toFixed(4)
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

function day(iso: string): string {
  return iso.slice(0, 10)
}
