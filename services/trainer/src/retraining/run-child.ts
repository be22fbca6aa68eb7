import { fork } from 'node:child_process'
import { constants, setPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import { explainError, HoldfastError, type Logger } from '@holdfast/platform'
import type { Answer, Failed, Message, Order } from './child-messages.ts'

/** What of the child's own output is kept for whoever looks for the cause of its death. */
const LAST_WORDS = 2_000

/**
 * Has an order carried out by a process of its own, below the others in priority. Aborted, it is killed; a version that it was
 * just writing stays behind as a hidden folder, which a later one removes.
 * @throws the signal's reason; `failed` is an answer, not an exception
 */
export async function runChild(order: Order, log: Logger, signal: AbortSignal): Promise<Answer> {
  signal.throwIfAborted()
  const isSource = import.meta.url.endsWith('.ts')
  const entry = fileURLToPath(new URL(isSource ? 'child.ts' : 'child.js', import.meta.url))
  const child = fork(entry, { serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  let words = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    words = (words + chunk).slice(-LAST_WORDS)
  })
  const kill = () => child.kill('SIGKILL')
  signal.addEventListener('abort', kill)
  try {
    return await new Promise<Answer>((resolve, reject) => {
      let answer: Answer | undefined
      child.on('message', (message: Message) => {
        if (message.kind === 'step') log.info(`retraining: ${message.says}`)
        else answer = message
      })
      child.once('error', reject)
      child.once('close', (code, endedBy) => {
        if (signal.aborted) reject(signal.reason)
        else resolve(answer ?? died(code, endedBy, words))
      })
      child.once('spawn', () => {
        lower(child.pid)
        child.send(order)
      })
    })
  } finally {
    signal.removeEventListener('abort', kill)
  }
}

/** Where the system does not allow it, it runs like any other. */
function lower(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {}
}

function died(code: number | null, signal: NodeJS.Signals | null, words: string): Failed {
  const how = signal === null ? `exit code ${code}` : signal
  const error = new HoldfastError({
    code: 'TRAINING_DIED',
    message: `the process that does the arithmetic ended without an answer (${how})${words === '' ? '' : `:\n${words.trim()}`}`,
    cure: 'SIGKILL often means that memory ran out: lower RETRAIN_MOST_ROWS.',
  })
  return { kind: 'failed', code: error.code, says: explainError(error), mayPass: true }
}
