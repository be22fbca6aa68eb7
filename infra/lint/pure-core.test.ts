import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
let checkout: string

/** A tree with our settings and nothing else, so that no example ever stands in the real one. */
beforeAll(() => {
  checkout = mkdtempSync(join(tmpdir(), 'holdfast-lint-'))
  for (const file of ['.biome.json', '.gitignore', 'infra/lint/pure-core.grit']) {
    cpSync(join(root, file), join(checkout, file))
  }
})
afterAll(() => rmSync(checkout, { recursive: true, force: true }))

const lint = (file: string, text: string): { accepted: boolean; said: string } => {
  mkdirSync(dirname(join(checkout, file)), { recursive: true })
  writeFileSync(join(checkout, file), `${text}\n`)
  const biome = join(root, 'node_modules', '.bin', 'biome')
  const { status, stderr, stdout } = spawnSync(biome, ['lint', file], { cwd: checkout, encoding: 'utf8' })
  return { accepted: status === 0, said: stdout + stderr }
}

describe('the lint rules that keep shared/core pure', () => {
  it.each([
    ['the clock', 'export const now = Date.now()'],
    ['the clock by a new Date', 'export const now = new Date()'],
    ['the clock, handed on', 'export const clock = { now: Date.now }'],
    ['a timer', 'export const later = setTimeout(() => {}, 1)'],
    ['randomness', 'export const dice = Math.random()'],
    ['the environment', 'export const home = process.env'],
    ['output', 'console.log(1)'],
    ['a module of Node', "import { readFileSync } from 'node:fs'\nexport const read = readFileSync"],
    ['a dependency', "import { z } from 'zod'\nexport const schema = z"],
    ['another package of ours', "import { topics } from '@holdfast/contracts'\nexport const names = topics"],
  ])('refuse %s', (_, text) => {
    const { accepted, said } = lint('shared/core/src/example.ts', text)
    expect(accepted).toBe(false)
    expect(said).toMatch(/shared\/core (is pure|has no dependencies)/)
  })

  it('accept dates and mathematics of given values, and relative imports', () => {
    const text = `import { hash } from './hash.ts'
import { fold } from '../src/fold.ts'

export const month = (at: number) => new Date(at).getUTCMonth() + Math.floor(hash(fold(at)))
`
    expect(lint('shared/core/src/example.ts', text)).toMatchObject({ accepted: true })
  })

  it('leave tests and other packages alone', () => {
    for (const file of ['shared/core/src/example.test.ts', 'shared/platform/src/example.ts']) {
      expect(lint(file, 'export const now = Date.now()')).toMatchObject({ accepted: true })
    }
  })
})
