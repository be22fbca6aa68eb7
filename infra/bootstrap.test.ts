import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'

const bootstrap = fileURLToPath(new URL('bootstrap.mjs', import.meta.url))

const patience = { timeout: 15_000 }

/** Counts the signals it gets and ends a while after the first, so that a second would be counted. */
const counter = `
  let signals = 0
  process.on('SIGINT', () => {
    console.log('interrupted')
    if (++signals === 1) setTimeout(() => { console.log('signals=' + signals); process.exit(7) }, 500)
  })
  setInterval(() => {}, 1000)
  console.log('ready')`

describe('runForeground', () => {
  let group: number | undefined
  afterEach(() => {
    try {
      if (group) process.kill(-group, 'SIGKILL')
    } catch {
      // it has ended, as it should
    }
  })

  /** Like npm in a terminal: the group leader's own process and what it runs. */
  const startRunner = () => {
    const script = `
      import { runForeground } from ${JSON.stringify(bootstrap)}
      process.exitCode = await runForeground(process.execPath, ['-e', ${JSON.stringify(counter)}])`
    const runner = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    })
    group = runner.pid
    let output = ''
    runner.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    const ended = new Promise<number | null>((resolve) => runner.once('close', resolve))
    return { ended, output: () => output, interrupt: () => group && process.kill(-group, 'SIGINT') }
  }

  it('passes Ctrl-C on once, however often the terminal and npm send it, and takes over the exit code', {
    timeout: 30_000,
  }, async () => {
    const { ended, output, interrupt } = startRunner()
    await expect.poll(output, patience).toContain('ready')
    interrupt()
    // Signals sent at the same moment would be merged by the system.
    await expect.poll(output, patience).toContain('interrupted')
    interrupt()
    expect(await ended).toBe(7)
    expect(output()).toContain('signals=1')
  })
})
