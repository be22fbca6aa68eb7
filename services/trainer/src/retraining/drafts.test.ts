import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeVersion } from '../registry/registry.ts'
import { prepareModelsFolder, versionMadeAt } from './drafts.ts'

const NOW = Date.now()
let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'holdfast-drafts-'))
})
afterEach(() => rm(dir, { recursive: true }))

test('what a killed process left half written is removed when it is old; a draft of now, and versions, stay', async () => {
  let draft = ''
  await writeVersion(dir, 'v2', async (folder) => {
    draft = folder
  })
  await mkdir(draft)
  await mkdir(join(dir, '.git'))
  await prepareModelsFolder(dir, NOW)
  expect(await readdir(dir)).toHaveLength(3)
  const old = new Date(NOW - 3_600_000)
  await utimes(draft, old, old)
  await utimes(join(dir, '.git'), old, old)
  await prepareModelsFolder(dir, NOW)
  expect((await readdir(dir)).toSorted()).toEqual(['.git', 'v2'])
})

test('a folder that is not there yet is made; one that cannot be written to is named', async () => {
  await prepareModelsFolder(join(dir, 'a', 'b'), NOW)
  expect(await readdir(join(dir, 'a'))).toEqual(['b'])
  await writeFile(join(dir, 'file'), '')
  await expect(prepareModelsFolder(join(dir, 'file', 'models'), NOW)).rejects.toMatchObject({
    code: 'MODELS_NOT_WRITABLE',
    message: expect.stringContaining(join(dir, 'file', 'models')),
  })
})

test('a version is found by the instant that its manifest names, and what is no version is passed over', async () => {
  const models = new URL('../../../../models', import.meta.url).pathname
  const { readVersion } = await import('@holdfast/scorer')
  const { createdAt } = (await readVersion(join(models, 'v1'))).manifest
  expect(await versionMadeAt(models, createdAt)).toBe('v1')
  expect(await versionMadeAt(models, '2001-01-01T00:00:00.000Z')).toBeUndefined()
  await mkdir(join(dir, 'v1'))
  expect(await versionMadeAt(dir, createdAt)).toBeUndefined()
})
