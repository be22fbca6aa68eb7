import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { claimFolder } from './claim.ts'
import { isAlive, markProcess } from './processes.ts'

describe('claimFolder', () => {
  let dir: string
  let server: number

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'holdfast-claim-'))
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
    await once(child, 'spawn')
    server = child.pid ?? 0
  })
  afterEach(() => {
    if (isAlive({ pid: server })) process.kill(server, 'SIGKILL')
    rmSync(dir, { recursive: true, force: true })
  })

  it('refuses a folder whose server runs for a live owner, and says how to end it', async () => {
    const claim = await claimFolder(dir)
    claim.remember(server)
    await expect(claimFolder(dir)).rejects.toThrow(`in use by process ${server}`)
    expect(isAlive({ pid: server })).toBe(true)
    claim.release()
    await claimFolder(dir)
  })

  it('ends the server that a dead owner left behind', async () => {
    const owner = { pid: 2 ** 22 + 1 } // above any process id
    writeFileSync(join(dir, 'process.json'), JSON.stringify({ server: markProcess(server), owner }))
    await claimFolder(dir)
    expect(isAlive({ pid: server })).toBe(false)
  })

  // Only Linux tells start times.
  it.runIf(process.platform === 'linux')(
    'leaves alone a process that only has the id of an earlier server',
    async () => {
      const { pid, startedTicks } = markProcess(server)
      const earlier = { server: { pid, startedTicks: (startedTicks ?? 0) - 1 }, owner: { pid: 2 ** 22 + 1 } }
      writeFileSync(join(dir, 'process.json'), JSON.stringify(earlier))
      await claimFolder(dir)
      expect(isAlive({ pid })).toBe(true)
    },
  )
})
