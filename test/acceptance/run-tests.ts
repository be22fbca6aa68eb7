import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { z } from 'zod'
import type { TestResult } from './judge.ts'

const reportSchema = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      assertionResults: z.array(
        z.object({ ancestorTitles: z.array(z.string()), title: z.string(), status: z.string() }),
      ),
    }),
  ),
})

/**
 * Runs whole files, for a test may stand on what those before it did. Progress goes to stderr.
 * @param files from the top of the repository
 * @returns what became of each test in them; nothing of a file that could not be loaded
 */
export async function runTests(root: string, files: readonly string[]): Promise<readonly TestResult[]> {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-acceptance-'))
  const report = join(dir, 'report.json')
  try {
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    const child = spawn(
      process.execPath,
      [vitest, 'run', '--config', 'test/vitest.config.ts', ...reporters, ...files],
      {
        cwd: root,
        stdio: ['ignore', 2, 2],
      },
    )
    await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
    return readReport(readFileSync(report, 'utf8'), root)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

export function readReport(json: string, root: string): readonly TestResult[] {
  return reportSchema.parse(JSON.parse(json)).testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ ancestorTitles, title, status }) => ({
      file: relative(root, name),
      name: [...ancestorTitles, title].filter((part) => part !== '').join(' > '),
      outcome: status === 'passed' || status === 'failed' ? status : 'skipped',
    })),
  )
}
