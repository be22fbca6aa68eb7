import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { repositoryRoot } from '@holdfast/local'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { Typed, terminalEnv } from '../acceptance/clean-clone.ts'
import { testNamesIn } from '../acceptance/test-names.ts'
import { ownServices } from '../integration/cli/built-cli.ts'
import { type Block, blocksOf } from './blocks.ts'
import { type CheckoutCopy, copyCheckout } from './checkout-copy.ts'

/*
 * The manual runs: every block of commands in README.md and the other pages is typed into a shell, in order, in a copy of the checkout,
 * while the pipeline and the generated shop run. A block that cannot be typed here says so in the line before it:
 *
 *   <!-- run by: test/acceptance/two-commands.test.ts › leaves no process behind -->   another test types it (a part of its name, or none)
 *   <!-- run with: ../shared/data/cdnow-sample/CDNOW_sample.txt -->      typed where this file is there; it lies in the working folder then
 *   <!-- not run: needs your own Kafka -->                                             nobody does, and why
 *
 * Blocks of settings alone (NAME=value) are not run: their names must be those of settings.
 */

const root = repositoryRoot()
const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).trimEnd().split('\n')
/** What people read: README first; not what is generated, nor what a training wrote about its model. */
const pages = tracked
  .filter((path) => path.endsWith('.md') && existsSync(join(root, path)))
  .filter((path) => !path.includes('/generated/') && !path.startsWith('models/'))
  .sort((a, b) => Number(b === 'README.md') - Number(a === 'README.md') || a.localeCompare(b))
const blocks = pages.flatMap((page) => blocksOf(page, readFileSync(join(root, page), 'utf8')))

const MINUTE = 60_000
/** A command that somebody is to type into a terminal and wait for should not take longer. */
const BLOCK_WITHIN = 5 * MINUTE
/** Enough for the customers that the manual names, and to learn a model from. */
const CUSTOMERS = '2000'

const titled = (wanted: (block: Block) => boolean): [string, Block][] =>
  blocks.filter(wanted).map((block) => {
    const [first = ''] = block.text.split('\n')
    return [`${block.page}:${block.line}: ${first.replace(/\s+#.*$/, '')}`, block]
  })

describe('commands of the manual', () => {
  let copy: CheckoutCopy
  let env: NodeJS.ProcessEnv

  beforeAll(async () => {
    copy = copyCheckout()
    env = {
      ...terminalEnv(),
      ...ownServices(inject('kafkaBrokers'), inject('redisUrls')),
      HOLDFAST_HOME: join(copy.dir, '.holdfast'),
    }
    const up = Typed.type(copy.dir, 'npx', ['holdfast', 'up', '--customers', CUSTOMERS], env)
    const { code, output } = await up.ends(5 * MINUTE)
    expect(code, output).toBe(0)
  }, 6 * MINUTE)

  afterAll(async () => {
    if (copy === undefined) return
    await Typed.type(copy.dir, 'npx', ['holdfast', 'down'], env).ends(MINUTE)
    copy.remove()
  }, 2 * MINUTE)

  test.for(titled(({ fate }) => fate?.kind === 'run'))(
    '%s',
    { timeout: BLOCK_WITHIN + MINUTE },
    async ([, block], { skip }) => {
      const files = block.fate?.kind === 'run' ? (block.fate.files ?? []) : []
      const absent = files.filter((file) => !existsSync(join(root, file)))
      skip(absent.length > 0, `not there: ${absent.join(', ')}`)
      for (const file of files) copyFileSync(join(root, file), join(copy.dir, basename(file)))
      const shell = Typed.type(copy.dir, 'bash', ['-euo', 'pipefail', '-c', block.text], env)
      const { code, output } = await shell.ends(BLOCK_WITHIN).finally(() => shell.kill())
      expect(code, `${block.page}:${block.line} ended with ${code}:\n${block.text}\n\n${output}`).toBe(0)
    },
  )
})

test.each(titled(({ fate }) => fate?.kind === 'settings'))('settings that exist: %s', (_, { fate }) => {
  const known = tracked
    .filter((path) => path.endsWith('/generated/settings.md'))
    .map((path) => readFileSync(join(root, path), 'utf8'))
    .join('\n')
  const names = fate?.kind === 'settings' ? fate.names : []
  expect(names.filter((name) => !known.includes(`| \`${name}\` |`))).toEqual([])
})

test.each(titled(({ fate }) => fate?.kind === 'run by'))('run by a test that exists: %s', (_, { fate }) => {
  if (fate?.kind !== 'run by') return expect.unreachable()
  const file = join(root, fate.file)
  expect(existsSync(file), `${fate.file} exists`).toBe(true)
  const names = testNamesIn(file)
  expect(names.length).toBeGreaterThan(0)
  const { test: wanted = '' } = fate
  expect(
    names.some(({ text }) => text.includes(wanted)),
    `${fate.file} › ${wanted}`,
  ).toBe(true)
})

test('every block says in what language it is, and each exception is told', () => {
  expect(blocks.filter(({ language }) => language === '').map(({ page, line }) => `${page}:${line}`)).toEqual([])
  const of = (kind: string) => blocks.filter(({ fate }) => fate?.kind === kind)
  const exceptions = of('not run').map(
    ({ page, line, fate }) => `  ${page}:${line}: ${fate?.kind === 'not run' ? fate.reason : ''}`,
  )
  const counts = [
    `${of('run').length} run here, ${of('run').filter(({ fate }) => fate?.kind === 'run' && fate.files).length} of them where their files are`,
    `${of('run by').length} by other tests`,
    `${of('settings').length} only settings`,
    `${of('not run').length} not run`,
  ]
  process.stderr.write([`manual: blocks of commands: ${counts.join(', ')}`, ...exceptions, ''].join('\n'))
  expect(of('run').length).toBeGreaterThan(0)
  // Who reads may rely on what stands there: exceptions are few.
  expect(of('not run').length).toBeLessThanOrEqual(of('run').length + of('run by').length)
})

test('README shows what came out of the replay of Online Retail year 1', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const sections = readme.split(/^#{2,} /m).filter((text) => /--replay/.test(text) && /Online Retail/.test(text))
  const shown = sections.filter(
    (text) => /^\|.*at risk.*lapsed.*\|$/im.test(text) && /jobs?/i.test(text) && /came back/i.test(text),
  )
  expect(shown.length, 'a section with the bands over time, the jobs and who came back').toBeGreaterThan(0)
})
