import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listVersions } from '@holdfast/scorer'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nextVersion, writeText, writeVersion } from './registry.ts'

let models: string
beforeEach(async () => {
  models = join(await mkdtemp(join(tmpdir(), 'holdfast-models-')), 'models')
})
afterEach(() => rm(join(models, '..'), { recursive: true }))

const fill = (text: string) => (dir: string) => writeText(dir, 'note.txt', text)

test('versions count up, by number and not by letter', async () => {
  expect(await listVersions(models)).toEqual([])
  expect(await nextVersion(models)).toBe('v1')
  for (let i = 1; i <= 11; i++) await writeVersion(models, await nextVersion(models), fill(String(i)))
  expect((await listVersions(models)).slice(-3)).toEqual(['v9', 'v10', 'v11'])
  expect(await nextVersion(models)).toBe('v12')
})

test('a version is there as a whole or not at all', async () => {
  const failing = writeVersion(models, 'v1', async (dir) => {
    await fill('half')(dir)
    throw new Error('disk full')
  })
  await expect(failing).rejects.toThrow('disk full')
  expect(await readdir(models)).toEqual([])
})

test('a draft in progress is not a version', async () => {
  await writeVersion(models, 'v1', async () => {
    expect(await listVersions(models)).toEqual([])
    expect(await nextVersion(models)).toBe('v1')
  })
  expect(await listVersions(models)).toEqual(['v1'])
})

test('a version that exists is never written over', async () => {
  await writeVersion(models, 'v1', fill('first'))
  await expect(writeVersion(models, 'v1', fill('second'))).rejects.toMatchObject({ code: 'version_taken' })
  expect(await readFile(join(models, 'v1', 'note.txt'), 'utf8')).toBe('first\n')
  expect(await readdir(models)).toEqual(['v1'])
})

test('another user of the machine can read a version', async () => {
  const dir = await writeVersion(models, 'v1', fill('open'))
  const mode = (await stat(dir)).mode & 0o777
  expect(mode & 0o500).toBe(0o500)
  expect(mode).toBe(0o777 & ~process.umask())
})
