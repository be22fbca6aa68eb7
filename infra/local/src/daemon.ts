import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { settlesWithin } from './wait.ts'

/** A child process that writes to a log file and whose end we can wait for. */
export interface Daemon {
  readonly name: string
  readonly pid: number
  readonly logFile: string
  /** Settles when it has ended, with the reason in words ("exit code 1", "SIGKILL"). */
  readonly ended: Promise<string>
  hasEnded(): boolean
  /** SIGTERM, then SIGKILL after `withinMs`; returns when the process is gone. Any number of calls. */
  stop(withinMs?: number): Promise<void>
  /** SIGKILL; returns when the process is gone. */
  kill(): Promise<void>
}

export interface DaemonOptions {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly logFile: string
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
}

const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path))

/**
 * Starts a child in a process group of its own: Ctrl-C then reaches only its owner, which stops its children in order.
 * Where `setpriv` exists (Linux), the kernel ends the child when the owner is killed without a chance to do so.
 * Throws when the command cannot be started.
 */
export const startDaemon = async (options: DaemonOptions): Promise<Daemon> => {
  const { name, command, args, logFile } = options
  mkdirSync(dirname(logFile), { recursive: true })
  const log = openSync(logFile, 'a')
  const [file, fullArgs] = setpriv ? [setpriv, ['--pdeathsig', 'TERM', '--', command, ...args]] : [command, [...args]]
  const child = spawn(file, fullArgs, {
    stdio: ['ignore', log, log],
    detached: true,
    ...(options.env && { env: options.env }),
    ...(options.cwd && { cwd: options.cwd }),
  })
  closeSync(log)
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
    child.once('error', (error) => resolve(error.message))
  })
  const pid = child.pid
  if (pid === undefined) throw new Error(`${name}: cannot start ${command}: ${await ended}`)
  return {
    name,
    pid,
    logFile,
    ended,
    hasEnded: () => hasEnded(child),
    stop: async (withinMs = 15_000) => {
      if (hasEnded(child)) return
      child.kill('SIGTERM')
      if (await settlesWithin(ended, withinMs)) return
      child.kill('SIGKILL')
      await ended
    },
    kill: async () => {
      if (hasEnded(child)) return
      child.kill('SIGKILL')
      await ended
    },
  }
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

/** The last lines of a log, for an error message. */
export const logTail = (logFile: string, lines = 12): string => {
  if (!existsSync(logFile)) return ''
  return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
}
