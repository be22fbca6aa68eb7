import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { dataFolder, type RunMode, type Say } from '@holdfast/local'
import { HoldfastError } from '@holdfast/platform'
import { z } from 'zod'

/** What the supervisor tells whoever started it, until it is ready. */
const messageSchema = z.object({ kind: z.enum(['say', 'ready', 'failed']), text: z.string() })
export type Message = z.infer<typeof messageSchema>

export interface StartDetachedOptions {
  readonly script: string
  readonly args: readonly string[]
  readonly mode: RunMode
  readonly say: Say
}

export const supervisorLog = (mode: RunMode): string => join(dataFolder(mode), 'logs', 'up.log')

/**
 * Starts `up --foreground` as a process of its own, which lives on, and waits until it is ready.
 * @returns what it said when it was ready
 * @throws HoldfastError UP_FAILED with what went wrong
 */
export async function startDetached({ script, args, mode, say }: StartDetachedOptions): Promise<string> {
  const logFile = supervisorLog(mode)
  mkdirSync(dirname(logFile), { recursive: true })
  const log = openSync(logFile, 'a')
  const child = spawn(process.execPath, [...process.execArgv, script, 'up', '--foreground', ...args], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  })
  closeSync(log)
  // Ctrl-C while we wait means all of it.
  const pass = () => void child.kill('SIGTERM')
  process.on('SIGINT', pass).on('SIGTERM', pass)
  const failed = (message: string) =>
    new HoldfastError({ code: 'UP_FAILED', message, cure: `its log tells more: ${logFile}` })
  try {
    return await new Promise<string>((resolve, reject) => {
      child.on('message', (raw) => {
        const { kind, text } = messageSchema.parse(raw)
        if (kind === 'say') say(text)
        else if (kind === 'ready') resolve(text)
        else reject(failed(text))
      })
      child.once('error', (error) => reject(failed(error.message)))
      child.once('exit', (code, signal) =>
        reject(failed(`it ended (${signal ?? `exit code ${code}`}) before it was ready`)),
      )
    })
  } finally {
    process.off('SIGINT', pass).off('SIGTERM', pass)
    if (child.connected) child.disconnect()
    child.unref()
  }
}

/** Tells the process that started us, as long as it listens. Resolves when it is on its way. */
export async function tellStarter(message: Message): Promise<void> {
  if (process.send === undefined || !process.connected) return
  await new Promise<void>((resolve) => process.send?.(message, undefined, undefined, () => resolve()))
}
