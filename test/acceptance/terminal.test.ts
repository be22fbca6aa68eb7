import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repositoryRoot } from '@holdfast/local'
import { expect, onTestFinished, test } from 'vitest'
import { createProgram, everyCommand } from '../../services/cli/src/program.ts'
import { terminalEnv } from './clean-clone.ts'

const BIN = join(repositoryRoot(), 'services/cli/bin/holdfast.mjs')
/** Nothing runs where nobody ever started anything. */
const env = {
  ...terminalEnv(),
  HOLDFAST_HOME: '/nonexistent',
  NO_COLOR: undefined,
  FORCE_COLOR: undefined,
  TERM: 'xterm',
}
const ESCAPE = '\u001b['

test('what is written to a file has no colours, what is written to a terminal has', () => {
  const piped = spawnSync(process.execPath, [BIN, 'status'], { env, encoding: 'utf8' })
  expect(piped.status).toBe(3)
  expect(`${piped.stdout}${piped.stderr}`).not.toContain(ESCAPE)
  expect(piped.stderr).toContain('npx holdfast up')
  // `script` gives it a terminal.
  const args = ['--quiet', '--return', '--command', `${process.execPath} ${BIN} status`, '/dev/null']
  const seen = spawnSync('script', args, { env, encoding: 'utf8' })
  expect(seen.status).toBe(3)
  expect(seen.stdout).toContain(ESCAPE)
})

test('an import shows a bar with share, rate and remaining time, and removes it', { timeout: 120_000 }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-bar-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const row = (i: number) => `${10_000 + (i % 5_000)} ${i % 300} ${19_970_101 + (i % 28)} 1 ${10 + (i % 90)}.77`
  const file = join(dir, 'orders.txt')
  writeFileSync(file, Array.from({ length: 100_000 }, (_, i) => row(i)).join('\n'))
  const map = join(repositoryRoot(), 'infra/maps/cdnow.yaml')
  const command = [
    'stty cols 100 &&',
    process.execPath,
    BIN,
    'import',
    file,
    '--map',
    map,
    '--out',
    join(dir, 'events.ndjson'),
  ].join(' ')
  const rates = { ...env, CURRENCY_RATES: 'USD=0.92' }
  const seen = spawnSync('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    env: rates,
    encoding: 'utf8',
  })
  expect(seen.status, seen.stdout).toBe(0)
  expect(seen.stdout).toMatch(/\[#+-+\] +\d+ % +[\d,]+ +[\d,]+\/s +\S+.* left/)
  expect(seen.stdout).toContain(`\r${ESCAPE}K`)
})

test('every command prints its help, with examples', { timeout: 120_000 }, async () => {
  const names = everyCommand(await createProgram())
    .filter(({ parent }) => parent !== null && parent.parent === null)
    .map((command) => command.name())
  expect(names.length).toBeGreaterThan(10)
  for (const name of names) {
    const { status, stdout } = spawnSync(process.execPath, [BIN, name, '--help'], { env, encoding: 'utf8' })
    expect(status, name).toBe(0)
    expect(stdout, name).toMatch(/Usage: holdfast .*\n[\s\S]*Examples?:\n/)
  }
})
