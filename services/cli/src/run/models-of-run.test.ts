import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repositoryRoot } from '@holdfast/local'
import { expect, onTestFinished, test } from 'vitest'
import { bringModels, modelsOfRun } from './models-of-run.ts'

test('versions of a run lie with its data, never in the checkout’s own folder of models', () => {
  expect(modelsOfRun('live')).not.toBe(modelsOfRun('time-lapse'))
  expect(modelsOfRun('live').startsWith(join(repositoryRoot(), 'models'))).toBe(false)
})

test('a run is given the versions that it does not have; its own stay as they are', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-models-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const [from, to] = [join(dir, 'checkout'), join(dir, 'run')]
  const put = (folder: string, version: string, text: string) => {
    mkdirSync(join(folder, version), { recursive: true })
    writeFileSync(join(folder, version, 'manifest.json'), text)
  }
  put(from, 'v1', 'first')
  await bringModels(from, to)
  expect(readFileSync(join(to, 'v1', 'manifest.json'), 'utf8')).toBe('first')
  put(to, 'v2', 'the trainer’s')
  for (const version of ['v1', 'v2', 'v3']) put(from, version, 'newer')
  await bringModels(from, to)
  const texts = ['v1', 'v2', 'v3'].map((version) => readFileSync(join(to, version, 'manifest.json'), 'utf8'))
  expect(texts).toEqual(['first', 'the trainer’s', 'newer'])
  expect(readdirSync(to).toSorted()).toEqual(['v1', 'v2', 'v3'])
  // There may be no folder of models at all; the risk-worker says so.
  await bringModels(join(dir, 'nowhere'), to)
})
