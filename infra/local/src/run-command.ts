import { spawn } from 'node:child_process'

/** How a command ended, with everything it wrote. `code` is `undefined` when it could not be started or was killed. */
export interface CommandResult {
  readonly code: number | undefined
  readonly output: string
}

/** Runs a command to its end without a terminal; never throws. */
export const runCommand = (
  command: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<CommandResult> =>
  new Promise((resolve) => {
    const child = spawn(command, [...args], { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
    const output = () => Buffer.concat(chunks).toString('utf8')
    child.once('error', (error) => resolve({ code: undefined, output: error.message }))
    child.once('close', (code) => resolve({ code: code ?? undefined, output: output() }))
  })

/** The last lines of an output, for an error message. */
export const lastLines = (text: string, lines = 12): string => text.trimEnd().split('\n').slice(-lines).join('\n')
