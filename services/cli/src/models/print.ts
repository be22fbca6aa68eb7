import type { GateReport } from '@holdfast/trainer'
import { count, percent, table } from '../output/text.ts'

/** A measurement for people: the figures side by side, then each check. */
export function gateText({ at, rows, baseRate, checks, compared, passed }: GateReport): string {
  const when = new Date(at).toISOString().slice(0, 10)
  const figures = compared.map(({ name, quality }) => [
    name,
    ...[quality.auc, quality.prAuc, quality.logLoss, quality.brier, quality.ece].map(({ value }) => value.toFixed(4)),
  ])
  return [
    `${count(rows)} customers as of ${when}, ${percent(baseRate)} of them churned`,
    table([['', 'AUC', 'PR-AUC', 'log loss', 'Brier', 'ECE'], ...figures], '  '),
    table(
      checks.map(({ name, passed, says }) => [passed ? 'passed' : 'FAILED', name, says]),
      '  ',
    ),
    passed ? 'it may be promoted' : 'it may not be promoted',
  ].join('\n')
}
