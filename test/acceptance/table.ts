import type { Verdict } from './judge.ts'
import type { Area, NamedTest, Promised } from './promise.ts'

export type Summary = 'passed' | 'skipped' | 'failed' | 'no test' | 'has tests'

export interface Row {
  readonly promised: Promised
  readonly summary: Summary
  /** What became of each of its tests; without a run, only what is wrong with them. */
  readonly tests: readonly { readonly named: NamedTest; readonly verdict: Verdict | undefined }[]
}

export interface Section {
  readonly area: Area['name']
  readonly title: string
  readonly rows: readonly Row[]
}

const LOUD: Readonly<Record<Summary, string>> = {
  passed: 'passed',
  'has tests': 'has tests',
  skipped: 'skipped',
  failed: 'FAILED',
  'no test': 'NO TEST',
}
const WIDTH = Math.max(...Object.values(LOUD).map(({ length }) => length)) + 2

/** Promise, test and result of every row. */
export function tableText(sections: readonly Section[]): string {
  return sections.map(({ area, title, rows }) => [`\n${area}: ${title}`, ...rows.map(rowText)].join('\n')).join('\n')
}

function rowText({ promised, summary, tests }: Row): string {
  const lines = tests.map(({ named, verdict }) => {
    const { file, test, plays } = named
    const what = verdict === undefined ? '' : ` … ${verdictText(verdict)}`
    return `${' '.repeat(WIDTH + 2)}${file} › ${test}${what}${plays === undefined ? '' : ` (plays ${plays})`}`
  })
  return [`${LOUD[summary].padEnd(WIDTH)}${promised.promise}`, ...lines].join('\n')
}

function verdictText(verdict: Verdict): string {
  if (verdict.kind === 'passed') return verdict.tests > 1 ? `${verdict.tests} passed` : 'passed'
  return verdict.kind === 'skipped' ? `skipped where ${verdict.reason}` : `FAILED: ${verdict.reason}`
}

/** The last line: how many promises there are, and what became of them. */
export function countLine(sections: readonly Section[]): string {
  const summaries = sections.flatMap(({ rows }) => rows.map(({ summary }) => summary))
  const count = (wanted: Summary) => summaries.filter((summary) => summary === wanted).length
  const parts = [
    [count('passed'), 'shown'],
    [count('has tests'), 'with tests'],
    [count('skipped'), 'skipped'],
    [count('failed'), 'failed'],
    [count('no test'), 'without a test'],
  ] as const
  const told = parts.filter(([n, what]) => n > 0 || what === 'failed' || what === 'without a test')
  return `${summaries.length} promises: ${told.map(([n, what]) => `${n} ${what}`).join(', ')}`
}

export const isGood = (sections: readonly Section[]): boolean =>
  sections.every(({ rows }) => rows.every(({ summary }) => summary !== 'failed' && summary !== 'no test'))
