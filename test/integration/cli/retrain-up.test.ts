import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repositoryRoot } from '@holdfast/local'
import { eventually } from '@holdfast/testing'
import { expect, inject, onTestFinished, test } from 'vitest'
import { holdfast, ownServices } from './built-cli.ts'

const versionsIn = (folder: string) => readdirSync(folder).toSorted()
const countIn = (file: string, text: string) => readFileSync(file, 'utf8').split(text).length - 1

test('a fresh run does not retrain for its youth; what its trainer makes lies with its data, and the checkout stays as it is', {
  timeout: 360_000,
}, async () => {
  const home = mkdtempSync(join(tmpdir(), 'holdfast-home-'))
  const env = {
    ...ownServices(inject('kafkaBrokers'), inject('redisUrls')),
    ...{ HOLDFAST_HOME: home, WATCH_EVERY: '2s', MODELS_DIR: '' },
  }
  onTestFinished(async () => {
    await holdfast(['down'], env)
    rmSync(home, { recursive: true, force: true })
  })
  const checkout = join(repositoryRoot(), 'models')
  const before = versionsIn(checkout)
  const up = await holdfast(['up', '--customers', '600', '--json'], env)
  expect(up, up.stderr).toMatchObject({ code: 0 })
  const trainer = join(home, 'live', 'logs', 'trainer.log')
  const models = join(home, 'live', 'models')
  expect(versionsIn(models)).toEqual(before)

  // With what the environment does not say, as everybody begins.
  // Looks while the history is still being read see too few customers to tell drift from chance, and do not count.
  await eventually(() => countIn(trainer, 'which is no reason to retrain') >= 3, { timeoutMs: 90_000 })
  expect(countIn(trainer, 'a retraining is queued')).toBe(0)
  expect(versionsIn(models)).toEqual(before)

  const retrained = await holdfast(['models', 'retrain', '--wait', '--json'], env)
  const { candidate } = JSON.parse(retrained.stdout)
  expect(versionsIn(models)).toEqual([...before, candidate.version])
  // Proposed or refused: it can be looked at under its name.
  const shown = await holdfast(['models', 'show', candidate.version], env)
  expect(shown, shown.stderr).toMatchObject({ code: 0 })
  const { models: listed } = JSON.parse((await holdfast(['models', 'list', '--json'], env)).stdout)
  expect(listed.map(({ version }: { version: string }) => version)).toEqual([...before, candidate.version])
  expect(versionsIn(checkout)).toEqual(before)
})
