import type { NamedTest, Promised } from './promise.ts'
import { findTest, isNameOrItsEnd, type TestName } from './test-names.ts'

/** What a run said of one test. */
export interface TestResult {
  readonly file: string
  /** Suites and test, joined by ` > `. */
  readonly name: string
  readonly outcome: 'passed' | 'failed' | 'skipped'
}

export type Verdict =
  | { readonly kind: 'passed'; readonly tests: number }
  | { readonly kind: 'skipped'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string }

/** Why a row names nothing that could be run; undefined where it does. */
export function missing({ test }: NamedTest, names: readonly TestName[] | undefined): string | undefined {
  if (names === undefined) return 'there is no such file'
  return findTest(names, test) === undefined ? 'the file has no such test' : undefined
}

/** What a run says of the test that a row names. @param names those of its file; undefined: there is no such file */
export function judge(
  named: NamedTest,
  names: readonly TestName[] | undefined,
  results: readonly TestResult[],
): Verdict {
  const reason = missing(named, names)
  const found = findTest(names ?? [], named.test)
  if (reason !== undefined || found === undefined)
    return { kind: 'failed', reason: reason ?? 'the file has no such test' }
  const { name, as } = found
  const meant = results.filter(
    (result) =>
      result.file === named.file &&
      (as === 'written' ? name.pattern.test(result.name) : isNameOrItsEnd(result.name, named.test)),
  )
  const failed = meant.filter(({ outcome }) => outcome === 'failed')
  const passed = meant.filter(({ outcome }) => outcome === 'passed')
  if (meant.length === 0) return { kind: 'failed', reason: 'it was not run' }
  if (failed.length > 0)
    return { kind: 'failed', reason: meant.length > 1 ? `${failed.length} of ${meant.length} failed` : 'failed' }
  if (passed.length === meant.length) return { kind: 'passed', tests: passed.length }
  if (named.skippedWhere === undefined)
    return { kind: 'failed', reason: 'it was skipped, and nobody says why it may be' }
  return { kind: 'skipped', reason: named.skippedWhere }
}

/** Of a promise: failed where it has no test or one that failed, skipped where all were, else passed. */
export function sumUp(
  { shownBy }: Promised,
  verdicts: readonly Verdict[],
): 'passed' | 'skipped' | 'failed' | 'no test' {
  if (shownBy.length === 0) return 'no test'
  if (verdicts.some(({ kind }) => kind === 'failed')) return 'failed'
  return verdicts.every(({ kind }) => kind === 'skipped') ? 'skipped' : 'passed'
}
