import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isAlive, markProcess } from './processes.ts'
import { type RunState, readRunState, stopRun, writeRunState } from './run-state.ts'

const patience = { timeout: 15_000 }

describe('the state file of a run', { timeout: 30_000 }, () => {
  let dir: string
  let file: string
  const children: number[] = []

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'holdfast-run-'))
    file = join(dir, 'run', 'services.json')
  })
  afterEach(() => {
    for (const pid of children.splice(0)) if (isAlive(markProcess(pid))) process.kill(pid, 'SIGKILL')
    rmSync(dir, { recursive: true, force: true })
  })

  const sleeper = async (): Promise<number> => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
    await once(child, 'spawn')
    const pid = child.pid ?? 0
    children.push(pid)
    return pid
  }

  const state = (owner: RunState['owner'], workers: number[] = []): RunState => ({
    mode: 'live',
    startedAt: '2026-11-01T10:00:00.000Z',
    owner,
    kafka: { origin: 'environment', brokers: ['127.0.0.1:9092'] },
    redis: { origin: 'environment', urls: ['redis://:secret@127.0.0.1:6379'] },
    services: workers.map((pid, index) => ({
      name: `worker-${index}`,
      process: markProcess(pid),
      url: 'http://127.0.0.1:3000',
      logFile: join(dir, 'worker.log'),
    })),
  })

  it('reads back what was written, for its owner only', () => {
    const mine = state(markProcess(process.pid))
    writeRunState(mine, file)
    expect(readRunState(file)).toEqual({ kind: 'running', state: mine })
    expect(statSync(file).mode & 0o077).toBe(0)
  })

  it('is none when missing, cut short or of another shape', () => {
    expect(readRunState(file)).toEqual({ kind: 'none' })
    writeRunState(state(markProcess(process.pid)), file)
    for (const broken of ['', '{"mode":"live"', '{"mode":"live"}']) {
      writeFileSync(file, broken)
      expect(readRunState(file)).toEqual({ kind: 'none' })
    }
  })

  it('is stale when the owner is gone', async () => {
    const owner = markProcess(await sleeper())
    writeRunState(state(owner), file)
    expect(readRunState(file).kind).toBe('running')
    await killAndWait(owner.pid)
    expect(readRunState(file).kind).toBe('stale')
  })

  // Only Linux tells start times.
  it.runIf(process.platform === 'linux')('is stale when another process has the owner’s id', () => {
    const mine = markProcess(process.pid)
    writeRunState(state({ ...mine, startedTicks: (mine.startedTicks ?? 0) - 1 }), file)
    expect(readRunState(file).kind).toBe('stale')
  })

  it('is ended from outside, what a dead owner left behind included', async () => {
    expect(await stopRun({ file })).toBe('none')
    const [owner, worker] = [await sleeper(), await sleeper()]
    writeRunState(state(markProcess(owner), [worker]), file)
    expect(await stopRun({ file })).toBe('running')
    expect([owner, worker].some((pid) => isAlive({ pid }))).toBe(false)
    expect(existsSync(file)).toBe(false)

    const orphan = await sleeper()
    writeRunState(state(markProcess(owner), [orphan]), file)
    expect(await stopRun({ file })).toBe('stale')
    expect(isAlive({ pid: orphan })).toBe(false)
  })

  const killAndWait = async (pid: number) => {
    process.kill(pid, 'SIGKILL')
    await expect.poll(() => isAlive({ pid }), patience).toBe(false)
  }
})
