import type { Outcome, RetrainingRecord } from '@holdfast/trainer'
import { instant, table } from '../output/text.ts'

const REASONS: Readonly<Record<Outcome['why'], string>> = {
  schedule: 'because of its schedule',
  drift: 'because of drift',
  asked: 'because somebody asked',
}

/** One retraining, for people: what came of it, then what the gate found. */
export function outcomeText(outcome: Outcome): string {
  const { candidate } = outcome
  return candidate === undefined ? headOf(outcome) : `${headOf(outcome)}\n${gateLines(candidate.gate)}`
}

function headOf({ kind, says, why, because, endedAt }: Outcome): string {
  const seen = because === undefined ? REASONS[why] : `${REASONS[why]} (${because})`
  return `${instant(Date.parse(endedAt))}, ${seen}: ${kind.replaceAll('_', ' ')}\n  ${says}`
}

/** What the gate found, figures first. */
export function gateLines({ figures, checks }: NonNullable<Outcome['candidate']>['gate']): string {
  const rows = figures.map(({ name, auc, logLoss, ece }) => [name, auc.toFixed(4), logLoss.toFixed(4), ece.toFixed(4)])
  return [
    table([['', 'AUC', 'log loss', 'ECE'], ...rows], '  '),
    table(
      checks.map(({ name, passed, says }) => [passed ? 'passed' : 'FAILED', name, says]),
      '  ',
    ),
  ].join('\n')
}

/** Below the list of models: the open proposal, and how the newest retraining ended. Empty where there was none. */
export function retrainingText({ outcomes: [newest], open }: RetrainingRecord): string {
  const lines: string[] = []
  if (open !== undefined)
    lines.push(`${open.version} is proposed; to use it: npx holdfast models promote ${open.version}`)
  if (newest !== undefined) lines.push(`last retraining: ${headOf(newest)}`)
  return lines.join('\n')
}
