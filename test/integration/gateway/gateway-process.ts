import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { repositoryRoot } from '@holdfast/local'
import { eventually } from '@holdfast/testing'

export interface GatewayProcess {
  readonly child: ChildProcess
  readonly url: string
  /** Resolves with the exit code, null for one that a signal ended. */
  readonly exited: Promise<number | null>
  hasEnded(): boolean
  /** The end of what it said, for an error message. */
  tail(): string
  /** SIGTERM. Resolves with the exit code. */
  stop(): Promise<number | null>
  /** SIGKILL. */
  kill(): Promise<void>
}

/**
 * The gateway as it is run in production: the built program, told everything by its environment.
 * @throws Error with what it said, when it ends before it listens
 */
export async function startGateway(env: Readonly<Record<string, string>>): Promise<GatewayProcess> {
  const child = spawn(process.execPath, ['services/gateway/dist/main.js'], {
    cwd: repositoryRoot(),
    env: { PATH: process.env.PATH ?? '', GATEWAY_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  let url: string | undefined
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input: input! }).on('line', (line) => {
      lines.push(line)
      url ??= /"url":"([^"]+)"/.exec(line)?.[1]
    })
  }
  const exited = once(child, 'close').then(([code]: (number | null)[]) => code ?? null)
  let ended = false
  void exited.then(() => {
    ended = true
  })
  const tail = () => lines.slice(-20).join('\n')
  await eventually(() => ended || url !== undefined, { timeoutMs: 60_000 })
  if (url === undefined) throw new Error(`the gateway has ended:\n${tail()}`)
  return {
    child,
    url,
    exited,
    hasEnded: () => ended,
    tail,
    async stop() {
      child.kill('SIGTERM')
      return exited
    },
    async kill() {
      if (!ended) child.kill('SIGKILL')
      await exited
    },
  }
}
