import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repositoryRoot } from '@holdfast/local'
import { eventually } from '@holdfast/testing'

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  /** stdout and stderr as they came. */
  readonly output: string
}

/** What tells a command about the test run around it, or about services that it is to start itself. */
const NOT_PASSED_ON = /^(VITEST|TEST$|TEST_|NODE_ENV$|NODE_OPTIONS$|KAFKA_|REDIS_|HOLDFAST_|TINYPOOL|npm_(?!config_))/

/**
 * The environment of somebody who types a command in a terminal. TensorFlow's native library is not to be had in it, which is how
 * machines are that must install without it.
 */
export const terminalEnv = (): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !NOT_PASSED_ON.test(name))),
  TFJS_NODE_CDN_STORAGE: 'http://127.0.0.1:9/',
})

/** A command that somebody has typed, in a process group of its own, as a terminal gives it one. */
export class Typed {
  output = ''
  private stdout = ''
  private ended: Ended | undefined

  private constructor(readonly child: ChildProcess) {
    child.stdout?.on('data', (chunk) => {
      this.stdout += chunk
      this.output += chunk
    })
    child.stderr?.on('data', (chunk) => {
      this.output += chunk
    })
    child.once('error', (error) => {
      this.output += error.message
      this.ended = { code: null, stdout: this.stdout, output: this.output }
    })
    child.once('close', (code) => {
      this.ended = { code, stdout: this.stdout, output: this.output }
    })
  }

  static type(cwd: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv = terminalEnv()): Typed {
    return new Typed(spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] }))
  }

  /** Resolves when it has said so. @throws Error with all that it said, when it ends instead */
  async says(what: RegExp, timeoutMs: number): Promise<void> {
    await eventually(() => what.test(this.output) || this.ended !== undefined, { timeoutMs }).catch(() => {
      throw new Error(`it has not said ${what} within ${timeoutMs} ms, but:\n${this.output}`)
    })
    if (!what.test(this.output)) throw new Error(`it has ended without saying ${what}:\n${this.output}`)
  }

  async ends(timeoutMs: number): Promise<Ended> {
    return eventually(() => this.ended, { timeoutMs }).catch(() => {
      throw new Error(`it has not ended within ${timeoutMs} ms, but said:\n${this.output}`)
    })
  }

  /** To everything in the foreground, as a terminal does it. */
  ctrlC(): void {
    this.signal('SIGINT')
  }

  kill(): void {
    if (this.ended === undefined) this.signal('SIGKILL')
  }

  private signal(name: NodeJS.Signals): void {
    if (this.child.pid !== undefined) process.kill(-this.child.pid, name)
  }
}

/** What is committed, cloned to a folder where nothing has been installed or built. */
export class CleanClone {
  private readonly typed: Typed[] = []

  private constructor(readonly dir: string) {}

  static make(): CleanClone {
    const dir = join(mkdtempSync(join(tmpdir(), 'holdfast-clone-')), 'holdfast')
    execFileSync('git', ['clone', '--quiet', '--depth', '1', `file://${repositoryRoot()}`, dir])
    return new CleanClone(dir)
  }

  type(command: string, ...args: string[]): Typed {
    const typed = Typed.type(this.dir, command, args)
    this.typed.push(typed)
    return typed
  }

  holdfast(...args: string[]): Promise<Ended> {
    return this.type('npx', 'holdfast', ...args).ends(60_000)
  }

  /** Ids and command lines of all processes that run in this clone or from its files. */
  processes(): readonly string[] {
    const listed = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n')
    return listed.filter(
      (line) => line.includes(this.dir) || workingFolder(Number.parseInt(line, 10)).startsWith(this.dir),
    )
  }

  /** Leaves neither process nor file. */
  async remove(): Promise<void> {
    for (const typed of this.typed) typed.kill()
    await Promise.allSettled(this.typed.map((typed) => typed.ends(5_000)))
    for (const line of this.processes()) {
      try {
        process.kill(Number.parseInt(line, 10), 'SIGKILL')
      } catch {
        // It has ended meanwhile.
      }
    }
    await eventually(() => this.processes().length === 0)
    rmSync(join(this.dir, '..'), { recursive: true, force: true })
  }
}

/** Empty where the process has ended or the system does not tell. */
function workingFolder(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return ''
  }
}
