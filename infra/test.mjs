// `npm test`: everything that is needed, then every test, and what became of each promise. Its last line is the sum.
//
//   npm test -- shared/core       what vitest would be told: filters, -t, …; then the suite on a Redis Cluster is left out
//   HOLDFAST_TEST_REDIS=cluster   the tests on a Redis Cluster only
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bootstrap, root, runForeground, say } from './bootstrap.mjs'

const given = process.argv.slice(2)
const reports = mkdtempSync(join(tmpdir(), 'holdfast-report-'))
const sum = { passed: 0, failed: 0, skipped: 0 }

// However it ends, also when the set-up failed: the last line is the sum, and it is never a good one after a failure.
process.on('exit', (code) => {
  rmSync(reports, { recursive: true, force: true })
  if (code !== 0 && sum.failed === 0) sum.failed = 1
  const skipped = sum.skipped > 0 ? `, ${sum.skipped} skipped` : ''
  process.stdout.write(`\n${sum.passed} passed, ${sum.failed} failed${skipped}\n`)
})

const reportOf = (title) => join(reports, `${title.replaceAll(/\W+/g, '-')}.json`)

/** Adds up one run. What fails outside of any test (an import, a global set-up, the runner) counts as one failure. */
const vitest = async (title, args, env = {}) => {
  say(`\n── ${title}`)
  const report = reportOf(title)
  const code = await runForeground(
    process.execPath,
    [
      join(root, 'node_modules', 'vitest', 'vitest.mjs'),
      'run',
      '--config',
      'test/vitest.config.ts',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...args,
    ],
    { env: { ...process.env, ...env } },
  )
  let counts = { passed: 0, failed: 0, skipped: 0 }
  try {
    counts = readReport(JSON.parse(readFileSync(report, 'utf8')))
  } catch {
    say('vitest left no report')
  }
  if (code !== 0 && counts.failed === 0) {
    say(`vitest ended with exit code ${code} although no test failed: counted as one failure, told above`)
    counts.failed = 1
  }
  for (const key of Object.keys(sum)) sum[key] += counts[key]
}

const readReport = (report) => {
  const withoutTests = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  )
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + withoutTests.length,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

await bootstrap()
const { ensureInstalled } = await import('./local/dist/index.js')
await ensureInstalled(['java', 'maven', 'redis-server', 'kcat'])

if (process.env.HOLDFAST_TEST_REDIS === 'cluster') {
  await vitest('on a Redis Cluster', given)
} else {
  const title = 'unit and system tests'
  await vitest(title, given)
  if (given.length === 0) {
    say('\n── what was promised')
    const judge = ['--conditions=source', '--import', 'tsx', 'test/acceptance/main.ts', '--report', reportOf(title)]
    if ((await runForeground(process.execPath, judge)) !== 0) {
      say('a promise is not shown, told above: counted as one failure')
      sum.failed++
    }
    const args = ['--project', 'system', 'test/integration']
    await vitest('the integration suite again, on a Redis Cluster of three nodes', args, {
      HOLDFAST_TEST_REDIS: 'cluster',
    })
  }
}
process.exitCode = sum.failed === 0 ? 0 : 1
