import type { Manifest } from '@holdfast/contracts'
import type { Compared, Interval, Intervals, Quality } from '../bootstrap.ts'
import type { EvaluationReport, SegmentReport } from '../evaluation-report.ts'
import { escapeHtml } from './escape.ts'
import { type Plot, svgPlot, svgRows } from './plot.ts'

const MOST_COEFFICIENTS = 30
const MOST_DRIFTS = 20

const COLUMNS: readonly { readonly key: keyof Quality; readonly name: string; readonly digits: number }[] = [
  { key: 'auc', name: 'AUC', digits: 3 },
  { key: 'prAuc', name: 'PR-AUC', digits: 3 },
  { key: 'logLoss', name: 'log loss', digits: 3 },
  { key: 'brier', name: 'Brier', digits: 3 },
  { key: 'ece', name: 'ECE', digits: 3 },
  { key: 'lift10', name: 'lift at 10 %', digits: 2 },
]

/** The report as one file of HTML that asks nothing of the network and runs nothing. */
export function htmlReport(report: EvaluationReport, manifest: Manifest): string {
  const model = report.compared[0]!
  const title = `Churn model ${report.version}`
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body>
<h1>${escapeHtml(title)}</h1>
<p>The chance that a customer makes no purchase in the next ${report.horizonDays} days, measured on ${report.rows} customers on ${day(report.at)}, of whom ${percent(report.baseRate)} churned. ${escapeHtml(howMeasured(report, manifest))}</p>
${verdict(model, report)}
<h2>How good it is, and against what</h2>
${table(report.compared)}
<p class="note">In brackets: where 95 of 100 resamples of the customers lie. All rows of the table are judged on the same customers and the same resamples.</p>
${leads(report.compared)}
${report.missing.length > 0 ? `<p class="note">Not compared: ${escapeHtml(report.missing.join('; '))}.</p>` : ''}
<div class="plots">${plots(report).map(svgPlot).join('')}</div>
<h2>By segment</h2>
${report.segments.map(segment).join('')}
<h2>What it learned</h2>
<p>${manifest.features.length} features, ridge ${manifest.ridge}, training cutoffs ${escapeHtml(manifest.trainingCutoffs.map(day).join(', '))}; log of ${day(manifest.dataSpan.from)} to ${day(manifest.dataSpan.to)}, ${escapeHtml(manifest.learnedFrom === 'log' ? 'a real one' : 'of a generated shop')}, amounts in ${escapeHtml(manifest.currency)}.</p>
${coefficients(report)}
<h2>What customers will be worth</h2>
${value(manifest)}
<h2>Drift since training</h2>
${drift(report)}
</body></html>
`
}

function howMeasured({ measuredOn }: EvaluationReport, { trainingCutoffs }: Manifest): string {
  if (measuredOn === 'validation') {
    return 'No test cutoff was given: this is the newest training cutoff, scored by a model of the earlier ones, and ridge and thresholds were chosen on it; expect a little less of the future.'
  }
  const newest = trainingCutoffs.at(-1)
  return newest === undefined ? '' : `Nothing was chosen on them; the newest training cutoff is ${day(newest)}.`
}

function value({ value, currency }: Manifest): string {
  if (value === undefined) {
    return "<p>The model does not say (its report.md says why): what is at stake goes by each customer's own pace of spending.</p>"
  }
  const { bgNbd, gammaGamma, customers, repeatCustomers, fittedAt, horizonDays, yearlyDiscount } = value
  const cells = (parameters: Readonly<Record<string, number>>) =>
    Object.entries(parameters)
      .map(([name, number]) => `<td>${name} ${number.toFixed(3)}</td>`)
      .join('')
  return `<p>BG/NBD and gamma-gamma, fitted to the purchases of ${customers} customers up to ${day(fittedAt)}, ${repeatCustomers} of whom had come back. What is at stake counts ${horizonDays} days ahead, money in a year at ${percent(yearlyDiscount)} less.</p>
<table><tr><th>BG/NBD, a week</th>${cells(bgNbd)}</tr><tr><th>gamma-gamma, ${escapeHtml(currency)}</th>${cells(gammaGamma)}</tr></table>`
}

/** The sentence that a hurried reader needs. */
function verdict(model: Compared, { compared, baseRate }: EvaluationReport): string {
  const rivals = compared.slice(1).filter(({ name }) => name !== 'base rate')
  const behind = rivals.filter(({ lead }) => lead !== undefined && lead.auc.high < 0).map(({ name }) => name)
  const ahead = rivals.filter(({ lead }) => lead !== undefined && lead.auc.low > 0).map(({ name }) => name)
  const even = rivals.filter(({ name }) => !behind.includes(name) && !ahead.includes(name)).map(({ name }) => name)
  const parts = [
    `Of two customers, one who churned and one who did not, it names the right one ${percent(model.quality.auc.value)} of the time`,
    `among the tenth that it fears for most, ${percent(model.quality.lift10.value * baseRate)} churned`,
    ...(ahead.length > 0 ? [`it ranks clearly better than ${ahead.join(', ')}`] : []),
    ...(even.length > 0 ? [`not clearly different from ${even.join(', ')}`] : []),
    ...(behind.length > 0 ? [`clearly worse than ${behind.join(', ')}`] : []),
  ]
  return `<p class="verdict">${escapeHtml(parts.join('; '))}.</p>`
}

function table(compared: readonly Compared[]): string {
  const head = `<tr><th></th>${COLUMNS.map(({ name }) => `<th>${escapeHtml(name)}</th>`).join('')}</tr>`
  const rows = compared.map(({ name, quality }) => `<tr><th>${escapeHtml(name)}</th>${cells(quality, false)}</tr>`)
  return `<table>${head}${rows.join('')}</table>`
}

function leads(compared: readonly Compared[]): string {
  const rows = compared.flatMap(({ name, lead }) =>
    lead === undefined ? [] : [`<tr><th>less ${escapeHtml(name)}</th>${cells(lead, true)}</tr>`],
  )
  if (rows.length === 0) return ''
  const head = `<tr><th></th>${COLUMNS.map(({ name }) => `<th>${escapeHtml(name)}</th>`).join('')}</tr>`
  return `<details><summary>The model's figures less each other's, paired</summary><table>${head}${rows.join('')}</table></details>`
}

function cells(intervals: Intervals, signed: boolean): string {
  return COLUMNS.map(({ key, digits }) => `<td>${interval(intervals[key], digits, signed)}</td>`).join('')
}

function interval({ value, low, high }: Interval, digits: number, signed: boolean): string {
  if (!Number.isFinite(value)) return '–'
  const sign = signed && value > 0 ? '+' : ''
  return `${sign}${value.toFixed(digits)} <small>[${low.toFixed(digits)}, ${high.toFixed(digits)}]</small>`
}

function segment({ name, definition, rows, churned, compared }: SegmentReport): string {
  const head = `<h3>${escapeHtml(name)}</h3><p>${escapeHtml(definition)}: ${rows} customers, ${rows === 0 ? 'none' : percent(churned / rows)} churned.</p>`
  return head + (compared.length > 0 ? table(compared) : '<p class="note">Too few of one outcome to say anything.</p>')
}

function plots(report: EvaluationReport): Plot[] {
  const { curves, reliability, baseRate } = report
  const share = (label: string) => ({ label, from: 0, to: 1 })
  const highest = Math.max(1, ...curves.flatMap(({ curves: { lift } }) => lift.map(({ y }) => y)))
  const { churned, stayed } = report.histogram
  const tallest = Math.max(1, ...churned.map((count, i) => count + stayed[i]!))
  const guide = (from: number, to: number) => ({
    name: '',
    guide: true as const,
    points: [
      { x: 0, y: from },
      { x: 1, y: to },
    ],
  })
  return [
    {
      title: 'ROC',
      x: share('share of those who stayed that is flagged'),
      y: share('share of churners flagged'),
      lines: [...curves.map(({ name, curves: { roc } }) => ({ name, points: roc })), guide(0, 1)],
    },
    {
      title: 'Precision and recall',
      x: share('recall: share of churners flagged'),
      y: share('precision: churn among the flagged'),
      lines: [
        ...curves.map(({ name, curves: { precisionRecall } }) => ({ name, points: precisionRecall })),
        guide(baseRate, baseRate),
      ],
    },
    {
      title: `Reliability (ECE ${report.compared[0]!.quality.ece.value.toFixed(3)})`,
      x: share('probability said'),
      y: share('share that churned, and what chance allows'),
      lines: [guide(0, 1)],
      marks: reliability.map(({ predicted, observed, chance }) => ({
        x: predicted,
        y: observed,
        low: Math.max(0, observed - chance),
        high: Math.min(1, observed + chance),
      })),
    },
    {
      title: 'Lift',
      x: share('share of customers flagged'),
      y: { label: 'churn among them, over that of all', from: 0, to: highest },
      lines: [...curves.map(({ name, curves: { lift } }) => ({ name, points: lift })), guide(1, 1)],
    },
    {
      title: 'Gains',
      x: share('share of customers flagged'),
      y: share('share of churners found'),
      lines: [...curves.map(({ name, curves: { gains } }) => ({ name, points: gains })), guide(0, 1)],
    },
    {
      title: 'Scores',
      x: share('probability said'),
      y: { label: 'customers', from: 0, to: tallest },
      legend: ['churned', 'stayed'],
      bars: churned.flatMap((count, i) => {
        const [from, to] = [i / churned.length, (i + 1) / churned.length]
        return [
          { from, to, base: 0, height: count, of: 0 as const },
          { from, to, base: count, height: stayed[i]!, of: 1 as const },
        ]
      }),
    },
  ]
}

function coefficients({ coefficients }: EvaluationReport): string {
  if (coefficients.length === 0) return '<p class="note">The model does not say how certain its weights are.</p>'
  const strongest = coefficients
    .toSorted((a, b) => Math.abs(b.weight) - Math.abs(a.weight))
    .slice(0, MOST_COEFFICIENTS)
    .map(({ feature, weight, low, high }) => ({ name: feature, value: weight, low, high }))
  return `${svgRows(`The ${strongest.length} strongest weights, with 95 % intervals`, 'logits of churn a standard deviation', strongest)}
<p class="note">Correlated features share their effect under the ridge, so one weight alone says little; reasons are given by group. Intervals treat rows of one customer as if they were others', so they are rather too narrow.</p>`
}

function drift({ drift }: EvaluationReport): string {
  if (drift === undefined) return '<p class="note">The model does not say how its training rows were spread.</p>'
  const rows = drift.features.slice(0, MOST_DRIFTS).map(({ feature, psi }) => ({ name: feature, value: psi }))
  return `<p>Population stability index of the score: ${drift.score.toFixed(3)}. Below 0.1 is usually nothing, above 0.25 another population; in a young log features of age drift by themselves.</p>
${svgRows('Population stability index against the training rows, largest first', 'PSI', rows)}`
}

function day(iso: string): string {
  return escapeHtml(iso.slice(0, 10))
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

const STYLE = `
:root{--ink:#1c2430;--soft:#5b6675;--rule:#d9dee5;--paper:#fff;--c0:#0b6bcb;--c1:#c2410c;--c2:#15803d;--c3:#7c3aed;--c4:#a16207}
@media (prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#9aa6b5;--rule:#333c48;--paper:#14181e;--c0:#5aa9ff;--c1:#ff9a5c;--c2:#5fd38a;--c3:#b794ff;--c4:#e0b84a}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem}h2{margin-top:2.2rem;border-bottom:1px solid var(--rule)}h3{margin-bottom:0}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:.6rem 0;display:block;overflow-x:auto}
th,td{padding:.25rem .7rem;text-align:right;border-bottom:1px solid var(--rule);white-space:nowrap}th:first-child{text-align:left}
small,.note{color:var(--soft)}.verdict{font-size:1.08rem}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(20rem,1fr));gap:1rem}figure{margin:0}figcaption{font-weight:600}
svg{width:100%;height:auto}.wide svg{max-width:44rem}
.grid{stroke:var(--rule)}.tick{font-size:11px;fill:var(--soft)}.axis{font-size:12px;fill:var(--ink)}
path{fill:none;stroke-width:1.8}.guide{stroke:var(--soft);stroke-width:1;stroke-dasharray:4 3}.range{stroke:var(--ink)}.mark{fill:var(--c0)}
${[0, 1, 2, 3, 4].map((i) => `.line${i}{stroke:var(--c${i})}li.line${i}::marker{color:var(--c${i})}`).join('')}
.fill0{fill:var(--c0)}.fill1{fill:var(--c1)}li.fill0::marker{color:var(--c0)}li.fill1::marker{color:var(--c1)}
.legend{display:flex;flex-wrap:wrap;gap:0 1.6rem;margin:0;padding-left:1.2rem;font-size:.85rem}li::marker{font-size:1.3em}
`
