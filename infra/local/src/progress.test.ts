import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { withProgress } from './progress.ts'

describe('withProgress', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
  afterEach(() => void vi.useRealTimers())

  const workFor = async (ms: number): Promise<string[]> => {
    const said: string[] = []
    const work = withProgress(
      'downloading',
      (line) => said.push(line),
      () => new Promise((resolve) => setTimeout(resolve, ms)),
    )
    await vi.advanceTimersByTimeAsync(ms)
    await work
    return said
  }

  it('says nothing within two seconds', async () => {
    expect(await workFor(1_900)).toEqual([])
  })

  it('says what is going on, that it still is, and that it is done', async () => {
    expect(await workFor(9_000)).toEqual(['… downloading', '… downloading (7 s)', '✓ downloading: 9 s'])
  })
})
