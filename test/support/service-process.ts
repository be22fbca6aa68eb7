import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from '@holdfast/local'
import { eventually } from '@holdfast/testing'

/** How a process ended: its exit code, or the signal. */
export type Ending = number | NodeJS.Signals

export interface SpawnOptions {
  readonly name: string
  /** What it runs, from the root of the repository, such as `services/risk-worker/dist/main.js`. */
  readonly main: string
  /** Folder of its log. */
  readonly logDir: string
  readonly env: Readonly<Record<string, string>>
  /** Where it answers /readyz, such as http://127.0.0.1:9464. */
  readonly probeUrl: string
}

export interface Spawned {
  readonly name: string
  readonly pid: number
  readonly logFile: string
  readonly probeUrl: string
  readonly ended: Promise<Ending>
}

/** Starts a service as it is deployed: a process of its own, from the last build. */
export async function spawnService({ name, main, logDir, env, probeUrl }: SpawnOptions): Promise<Spawned> {
  const logFile = join(logDir, `${name}.log`)
  const out = openSync(logFile, 'a')
  const child = spawn(process.execPath, [join(repositoryRoot(), main)], {
    cwd: repositoryRoot(),
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', out, out],
  })
  closeSync(out)
  const ended = new Promise<Ending>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'SIGKILL'))
  })
  if (child.pid === undefined) throw new Error(`${name} could not be started: ${await ended}`)
  return { name, pid: child.pid, logFile, probeUrl, ended }
}

/** A service that a test may kill and freeze. */
export class ServiceProcess {
  private ending: Ending | undefined

  constructor(protected readonly spawned: Spawned) {
    void spawned.ended.then((ending) => {
      this.ending = ending
    })
  }

  get name(): string {
    return this.spawned.name
  }

  get isRunning(): boolean {
    return this.ending === undefined
  }

  get endedWith(): Ending | undefined {
    return this.ending
  }

  /** Resolves when it says that it is ready. @throws Error with the end of its log, when it ends instead */
  async isUp(timeoutMs = 60_000): Promise<void> {
    await this.until(async () => {
      const signal = AbortSignal.timeout(1_000)
      const response = await fetch(`${this.spawned.probeUrl}/readyz`, { signal }).catch(() => undefined)
      return response?.ok === true
    }, timeoutMs)
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.spawned.ended
  }

  /** SIGTERM; resolves with how it ended. */
  async stop(): Promise<Ending> {
    this.signal('SIGTERM')
    return this.spawned.ended
  }

  freeze(): void {
    this.signal('SIGSTOP')
  }

  thaw(): void {
    this.signal('SIGCONT')
  }

  /** The end of what it logged. */
  tail(bytes = 6_000): string {
    return this.logged().slice(-bytes)
  }

  /** How many lines of its log hold this text. */
  said(text: string): number {
    return this.logged()
      .split('\n')
      .filter((line) => line.includes(text)).length
  }

  /** @throws Error with the end of its log, when it ends before that */
  protected async until(isSo: () => Promise<boolean>, timeoutMs: number): Promise<void> {
    await eventually(async () => !this.isRunning || isSo(), { timeoutMs, everyMs: 50 })
    if (!this.isRunning) throw new Error(`${this.name} ended with ${this.ending}:\n${this.tail()}`)
  }

  private logged(): string {
    return readFileSync(this.spawned.logFile, 'utf8')
  }

  private signal(signal: NodeJS.Signals): void {
    if (this.ending === undefined) process.kill(this.spawned.pid, signal)
  }
}
