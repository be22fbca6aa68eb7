import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { repositoryRoot } from '@holdfast/local'
import { expect, test } from 'vitest'
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
