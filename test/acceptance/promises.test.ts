import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from '@holdfast/local'
import { describe, expect, test } from 'vitest'
import { judge, missing, sumUp, type TestResult } from './judge.ts'
import { AREAS } from './promises/index.ts'
import { readReport } from './run-tests.ts'
import { countLine, isGood, tableText } from './table.ts'
import { findTest, testNamesIn } from './test-names.ts'

const root = repositoryRoot()

const inArea = (name: string) =>
  AREAS.filter((area) => area.name === name).flatMap(({ chapters }) => chapters.flatMap(({ promises }) => promises))

describe.each(AREAS.map(({ name }) => name))('the promises of %s', (name) => {
  test('name tests that exist', () => {
    const inFile = new Map<string, ReturnType<typeof testNamesIn> | undefined>()
    const namesOf = (file: string) => {
      if (!inFile.has(file)) inFile.set(file, existsSync(join(root, file)) ? testNamesIn(join(root, file)) : undefined)
      return inFile.get(file)
    }
    const wrong = inArea(name).flatMap(({ promise, shownBy }) =>
      shownBy.flatMap((named) => {
        const reason = missing(named, namesOf(named.file))
        return reason === undefined ? [] : [`${promise}: ${named.file} › ${named.test}: ${reason}`]
      }),
    )
    expect(inArea(name).length).toBeGreaterThan(20)
    expect(wrong).toEqual([])
  })

  test('have a test each', () => {
    expect(inArea(name).flatMap(({ promise, shownBy }) => (shownBy.length === 0 ? [promise] : []))).toEqual([])
  })

  test('are told apart', () => {
    const promises = AREAS.filter((area) => area.name === name).flatMap(({ chapters }) =>
      chapters.flatMap(({ title, promises: rows }) => rows.map(({ promise }) => `${title}: ${promise}`)),
    )
    expect(promises.filter((promise, i) => promises.indexOf(promise) !== i)).toEqual([])
  })
})

describe('names of tests', () => {
  const names = testNamesIn(join(import.meta.dirname, 'promises.test.ts'))
  const texts = names.map(({ text }) => text)

  test.each(['a', 'b'])('of %s are found in a table, with its holes', () => {
    expect(texts).toContain('names of tests > of %s are found in a table, with its holes')
    expect(findTest(names, 'of a are found in a table, with its holes')?.as).toBe('made')
    expect(findTest(names, 'of %s are found in a table, with its holes')?.as).toBe('written')
    expect(findTest(names, 'of a are not found in any table')).toBeUndefined()
  })

  test('are those of suites and of tests that may be skipped, too', () => {
    expect(texts).toContain('the promises of %s > have a test each')
    expect(findTest(names, 'the promises of heart > have a test each')?.as).toBe('made')
    expect(findTest(names, 'have a test')).toBeUndefined()
  })
})

describe('a verdict', () => {
  const names = [{ text: 'suite > case %s', pattern: /^suite > case .*$/s }]
  const named = { file: 'a.test.ts', test: 'case %s' }
  const result = (name: string, outcome: TestResult['outcome']): TestResult => ({ file: 'a.test.ts', name, outcome })

  test('is passed only where all that is meant has passed', () => {
    const results = [result('suite > case 1', 'passed'), result('suite > case 2', 'passed')]
    expect(judge(named, names, results)).toEqual({ kind: 'passed', tests: 2 })
    expect(judge(named, names, [...results, result('suite > case 3', 'failed')])).toMatchObject({ kind: 'failed' })
    const one = { ...named, test: 'case 2' }
    expect(judge(one, names, [...results, result('suite > case 3', 'failed')])).toEqual({ kind: 'passed', tests: 1 })
  })

  test('is failed where nothing was run, or something of another file or name', () => {
    const reason = 'it was not run'
    expect(judge(named, names, [])).toEqual({ kind: 'failed', reason })
    expect(judge(named, names, [{ ...result('suite > case 1', 'passed'), file: 'b.test.ts' }])).toMatchObject({
      reason,
    })
    expect(judge({ ...named, test: 'case 2' }, names, [result('suite > case 1', 'passed')])).toMatchObject({ reason })
    expect(judge({ ...named, test: 'no such' }, names, [])).toMatchObject({ reason: 'the file has no such test' })
    expect(judge(named, undefined, [])).toMatchObject({ reason: 'there is no such file' })
  })

  test('is skipped only with a reason', () => {
    const results = [result('suite > case 1', 'skipped')]
    expect(judge(named, names, results).kind).toBe('failed')
    expect(judge({ ...named, skippedWhere: 'it rains' }, names, results)).toEqual({
      kind: 'skipped',
      reason: 'it rains',
    })
  })

  test('of a promise is that of its worst test, and none without one', () => {
    const promised = { promise: 'p', shownBy: [named] }
    const [passed, skipped] = [{ kind: 'passed', tests: 1 } as const, { kind: 'skipped', reason: 'r' } as const]
    expect(sumUp(promised, [passed, { kind: 'failed', reason: 'r' }])).toBe('failed')
    expect(sumUp(promised, [passed, skipped])).toBe('passed')
    expect(sumUp(promised, [skipped])).toBe('skipped')
    expect(sumUp({ promise: 'p', shownBy: [] }, [])).toBe('no test')
  })

  test('is told in the table, and counted at its end', () => {
    const rows = [
      { promised: { promise: 'it works', shownBy: [] }, summary: 'no test', tests: [] } as const,
      {
        promised: { promise: 'it lasts', shownBy: [named] },
        summary: 'passed',
        tests: [{ named, verdict: { kind: 'passed', tests: 2 } }],
      } as const,
    ]
    const sections = [{ area: 'heart', title: 'all', rows }]
    expect(tableText(sections)).toMatch(/NO TEST +it works\npassed +it lasts\n +a\.test\.ts › case %s … 2 passed/)
    expect(countLine(sections)).toBe('2 promises: 1 shown, 0 failed, 1 without a test')
    expect(isGood(sections)).toBe(false)
    expect(isGood([{ area: 'heart', title: 'all', rows: rows.slice(1) }])).toBe(true)
  })

  test('is made of the report that vitest writes', () => {
    const assertionResults = [
      { ancestorTitles: ['suite'], title: 'case', status: 'passed' },
      { ancestorTitles: [], title: 'later', status: 'todo' },
    ]
    const json = JSON.stringify({ testResults: [{ name: '/top/test/a.test.ts', assertionResults }] })
    expect(readReport(json, '/top')).toEqual([
      { file: 'test/a.test.ts', name: 'suite > case', outcome: 'passed' },
      { file: 'test/a.test.ts', name: 'later', outcome: 'skipped' },
    ])
  })
})
