import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { repositoryRoot } from '@holdfast/local'
import { judge, missing, sumUp, type TestResult } from './judge.ts'
import type { Area, NamedTest } from './promise.ts'
import { AREAS } from './promises/index.ts'
import { readReport, runTests } from './run-tests.ts'
import { countLine, isGood, type Section, tableText } from './table.ts'
import { type TestName, testNamesIn } from './test-names.ts'

const root = repositoryRoot()

const USAGE = `npm run acceptance [-- AREA…] [-- --list | --report FILE]

Runs the tests that show what was promised, and prints each promise with its tests and their results.
Exit code 1 where a promise has no test, or one that is missing, skipped without a reason, or failed.

  AREA           one or more of ${AREAS.map(({ name, about }) => `${name} (${about})`).join(', ')}; default: all
  --list         run nothing: only say which promises have tests that exist
  --report FILE  run nothing: judge by what a run of vitest has left (--reporter=json)`

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      list: { type: 'boolean', default: false },
      report: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const unknown = positionals.filter((name) => !AREAS.some((area) => area.name === name))
  if (values.help || unknown.length > 0) {
    const complaint = unknown.length > 0 ? `no area is called ${unknown.join(', ')}\n\n` : ''
    process.stderr.write(`${complaint}${USAGE}\n`)
    return unknown.length > 0 ? 2 : 0
  }
  const areas = AREAS.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
  const files = [...new Set(namedIn(areas).map(({ file }) => file))].sort()
  const names = new Map(files.map((file) => [file, namesIn(file)]))
  const results = values.list
    ? undefined
    : await resultsOf(
        files.filter((file) => names.get(file) !== undefined),
        values.report,
      )
  const sections = sectionsOf(areas, names, results)
  process.stdout.write(`${tableText(sections)}\n\n${countLine(sections)}\n`)
  return isGood(sections) ? 0 : 1
}

async function resultsOf(files: readonly string[], report: string | undefined): Promise<readonly TestResult[]> {
  return report === undefined ? runTests(root, files) : readReport(readFileSync(report, 'utf8'), root)
}

const namedIn = (areas: readonly Area[]): readonly NamedTest[] =>
  areas.flatMap(({ chapters }) => chapters.flatMap(({ promises }) => promises.flatMap(({ shownBy }) => shownBy)))

function namesIn(file: string): readonly TestName[] | undefined {
  const path = join(root, file)
  return existsSync(path) ? testNamesIn(path) : undefined
}

function sectionsOf(
  areas: readonly Area[],
  names: ReadonlyMap<string, readonly TestName[] | undefined>,
  results: readonly TestResult[] | undefined,
): readonly Section[] {
  return areas.flatMap(({ name: area, chapters }) =>
    chapters.map(({ title, promises }) => ({
      area,
      title,
      rows: promises.map((promised) => {
        const tests = promised.shownBy.map((named) => {
          const inFile = names.get(named.file)
          if (results !== undefined) return { named, verdict: judge(named, inFile, results) }
          const reason = missing(named, inFile)
          return { named, verdict: reason === undefined ? undefined : ({ kind: 'failed', reason } as const) }
        })
        const verdicts = tests.flatMap(({ verdict }) => verdict ?? [])
        const summary = sumUp(promised, verdicts)
        return {
          promised,
          tests,
          summary: results === undefined && summary !== 'no test' && summary !== 'failed' ? 'has tests' : summary,
        }
      }),
    })),
  )
}

process.exitCode = await main()
