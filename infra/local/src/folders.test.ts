import { join } from 'node:path'
import { expect, it } from 'vitest'
import { cacheFolder, dataFolder, homeFolder, repositoryRoot, runStateFile } from './folders.ts'

it('keeps everything of a run under HOLDFAST_HOME, and downloads with the checkout', () => {
  const home = homeFolder({ HOLDFAST_HOME: '/elsewhere/hf' })
  expect(home).toBe('/elsewhere/hf')
  expect(dataFolder('replay', home)).toBe('/elsewhere/hf/replay')
  expect(runStateFile(home)).toBe('/elsewhere/hf/run/services.json')
  expect(homeFolder({ HOLDFAST_HOME: '' })).toBe(join(repositoryRoot(), '.holdfast'))
  expect(cacheFolder('kafka')).toBe(join(repositoryRoot(), '.holdfast/cache/kafka'))
})
