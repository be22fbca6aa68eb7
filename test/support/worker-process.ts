import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findFreePort, repositoryRoot } from '@holdfast/local'
import { eventually } from '@holdfast/testing'
import { z } from 'zod'

const readinessSchema = z.object({
  redis: z.boolean(),
  shards: z.array(z.object({ partition: z.number(), caughtUp: z.boolean() })),
})
export type Readiness = z.output<typeof readinessSchema>

/** How a process ended: its exit code, or the signal. */
export type Ending = number | NodeJS.Signals

/** The risk-worker as it is deployed: a process of its own, from the last build. */
export class WorkerProcess {
  private ending: Ending | undefined

  private constructor(
    readonly name: string,
    readonly pid: number,
    readonly logFile: string,
    private readonly probeUrl: string,
    private readonly ended: Promise<Ending>,
  ) {
    void ended.then((ending) => {
      this.ending = ending
    })
  }

  static async start(name: string, logDir: string, env: Readonly<Record<string, string>>): Promise<WorkerProcess> {
    const port = await findFreePort()
    const logFile = join(logDir, `${name}.log`)
    const out = openSync(logFile, 'a')
    const child = spawn(process.execPath, [join(repositoryRoot(), 'services/risk-worker/dist/main.js')], {
      cwd: repositoryRoot(),
      env: { ...process.env, NODE_OPTIONS: '', ...env, PROBE_PORT: String(port) },
      stdio: ['ignore', out, out],
    })
    closeSync(out)
    const ended = new Promise<Ending>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', (code, signal) => resolve(code ?? signal ?? 'SIGKILL'))
    })
    if (child.pid === undefined) throw new Error(`${name} could not be started: ${await ended}`)
    return new WorkerProcess(name, child.pid, logFile, `http://127.0.0.1:${port}`, ended)
  }

  get isRunning(): boolean {
    return this.ending === undefined
  }

  get endedWith(): Ending | undefined {
    return this.ending
  }

  /** What it says of itself; undefined where it does not answer. */
  async readiness(): Promise<Readiness | undefined> {
    try {
      const response = await fetch(`${this.probeUrl}/readyz`, { signal: AbortSignal.timeout(1_000) })
      const body: unknown = await response.json()
      return z.object({ detail: readinessSchema }).parse(body).detail
    } catch {
      return undefined
    }
  }

  /** Resolves when it has so many shards. @throws Error with the end of its log, when it ends instead */
  async owns(shards: number, timeoutMs = 60_000): Promise<void> {
    await eventually(
      async () => {
        if (!this.isRunning) return true
        const readiness = await this.readiness()
        return readiness?.redis === true && readiness.shards.length === shards
      },
      { timeoutMs, everyMs: 50 },
    )
    if (!this.isRunning) throw new Error(`${this.name} ended with ${this.ending}:\n${this.tail()}`)
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.ended
  }

  /** SIGTERM; resolves with how it ended. */
  async stop(): Promise<Ending> {
    this.signal('SIGTERM')
    return this.ended
  }

  freeze(): void {
    this.signal('SIGSTOP')
  }

  thaw(): void {
    this.signal('SIGCONT')
  }

  /** The end of what it logged. */
  tail(bytes = 6_000): string {
    return readFileSync(this.logFile, 'utf8').slice(-bytes)
  }

  /** How many lines of its log hold this text. */
  said(text: string): number {
    return readFileSync(this.logFile, 'utf8')
      .split('\n')
      .filter((line) => line.includes(text)).length
  }

  private signal(signal: NodeJS.Signals): void {
    if (this.ending === undefined) process.kill(this.pid, signal)
  }
}
