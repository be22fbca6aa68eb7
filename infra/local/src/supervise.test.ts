import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findFreePort } from './ports.ts'
import { isAlive } from './processes.ts'
import { type SupervisedProcess, type Supervisor, stopInReverse, superviseProcess } from './supervise.ts'

const patience = { timeout: 15_000 }

describe('superviseProcess', { timeout: 30_000 }, () => {
  let dir: string
  const started: Supervisor[] = []

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'holdfast-supervise-'))
  })
  afterEach(async () => {
    await stopInReverse(started.splice(0), 2_000)
    rmSync(dir, { recursive: true, force: true })
  })

  const supervise = async (script: string, more: Partial<SupervisedProcess> = {}): Promise<Supervisor> => {
    const supervisor = await superviseProcess({
      name: 'worker',
      command: process.execPath,
      args: ['-e', script],
      logFile: join(dir, 'worker.log'),
      restartAfterMs: [10],
      say: () => {},
      ...more,
    })
    started.push(supervisor)
    return supervisor
  }

  const forever = 'setInterval(() => {}, 1000)'
  const pidOf = (supervisor: Supervisor): number => supervisor.pid() ?? expect.fail('it does not run')

  it('is back only when the process answers', async () => {
    const port = await findFreePort()
    const readyUrl = `http://127.0.0.1:${port}/readyz`
    const script = `
      let asked = 0
      require('node:http').createServer((_, response) => response.writeHead(++asked < 3 ? 503 : 200).end())
        .listen(${port}, '127.0.0.1')`
    await supervise(script, { readyUrl })
    expect((await fetch(readyUrl)).status).toBe(200)
  })

  it('starts it again when it was killed, and tells of every start', async () => {
    const pids: number[] = []
    const said: string[] = []
    const supervisor = await supervise(forever, { onStart: (pid) => pids.push(pid), say: (line) => said.push(line) })
    const first = pidOf(supervisor)
    process.kill(first, 'SIGKILL')
    await expect.poll(() => supervisor.restarts(), patience).toBe(1)
    await expect.poll(() => supervisor.pid() !== undefined && supervisor.pid() !== first, patience).toBe(true)
    expect(pids).toEqual([first, pidOf(supervisor)])
    expect(said).toEqual([expect.stringContaining('worker ended (SIGKILL)')])
  })

  it('waits longer between restarts in a row', async () => {
    const said: string[] = []
    const supervisor = await supervise('setTimeout(() => process.exit(3), 20)', {
      restartAfterMs: [1, 2, 3],
      say: (line) => said.push(line),
    })
    await expect.poll(() => supervisor.restarts(), patience).toBeGreaterThanOrEqual(4)
    const waits = said.map((line) => Number(/in (\d+) ms/.exec(line)?.[1]))
    expect(waits.slice(0, 4)).toEqual([1, 2, 3, 3])
  })

  it('shows the end of the log when it ends before it was ready, and leaves nothing', async () => {
    const failure = supervise('console.error("no broker at 127.0.0.1:1"); process.exit(4)', {
      readyUrl: `http://127.0.0.1:${await findFreePort()}`,
    })
    await expect(failure).rejects.toThrow(/worker did not become ready \(ended with exit code 4\)[\s\S]*no broker at/)
  })

  it('ends one that was never ready in time', async () => {
    const pids: number[] = []
    const failure = supervise(forever, {
      readyUrl: `http://127.0.0.1:${await findFreePort()}`,
      readyWithinMs: 200,
      onStart: (pid) => pids.push(pid),
    })
    await expect(failure).rejects.toThrow(/did not answer 2xx/)
    expect(pids.map((pid) => isAlive({ pid }))).toEqual([false])
  })

  it('stops, also while it waits to start again, and does not come back', async () => {
    const running = await supervise(forever)
    const pid = pidOf(running)
    await running.stop()
    expect([isAlive({ pid }), running.pid(), running.restarts()]).toEqual([false, undefined, 0])

    const waiting = await supervise(forever, { restartAfterMs: [3_600_000] })
    process.kill(pidOf(waiting), 'SIGKILL')
    await expect.poll(() => waiting.pid(), patience).toBeUndefined()
    await waiting.stop()
    expect([waiting.pid(), waiting.restarts()]).toEqual([undefined, 0])
  })

  it('kills one that ignores SIGTERM', async () => {
    const stubborn = await supervise(`process.on('SIGTERM', () => {}); console.log('deaf'); ${forever}`)
    const pid = pidOf(stubborn)
    await expect.poll(() => readFileSync(stubborn.logFile, 'utf8'), patience).toContain('deaf')
    await stubborn.stop(50)
    expect(isAlive({ pid })).toBe(false)
  })
})

describe('stopInReverse', () => {
  it('stops the last started first, goes on after a failure and names it', async () => {
    const order: string[] = []
    const item = (name: string, fails = false) => ({
      name,
      stop: async () => {
        order.push(name)
        if (fails) throw new Error('disk full')
      },
    })
    const stopping = stopInReverse([item('kafka'), item('worker', true), item('feeder')])
    await expect(stopping).rejects.toThrow('could not stop worker: Error: disk full')
    expect(order).toEqual(['feeder', 'worker', 'kafka'])
  })

  it('shares one deadline, and what one leaves of its share goes to the others', async () => {
    const shares: number[] = []
    const item = (name: string) => ({
      name,
      stop: async (withinMs = 0) => void shares.push(withinMs),
    })
    await stopInReverse([item('a'), item('b'), item('c')], 9_000)
    const [third = 0, second = 0, first = 0] = shares
    expect(third).toBeLessThanOrEqual(3_000)
    expect(second).toBeGreaterThan(third)
    expect(first).toBeGreaterThan(second)
  })
})
