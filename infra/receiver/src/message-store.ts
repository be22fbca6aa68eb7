import { createReadStream } from 'node:fs'
import { appendFile, mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Logger, Stoppable } from '@holdfast/platform'
import { type NewlyReceived, type Received, receivedSchema } from './message.ts'

export const MESSAGES_FILE = 'messages.ndjson'

/** Of what is kept in memory, characters, however many messages that is. */
const MOST_CHARACTERS = 32_000_000

export interface MessageStore extends Stoppable {
  readonly file: string
  /** Resolves when it is in the file: only then may the sender be told so. */
  add(message: NewlyReceived): Promise<Received>
  /** Newest first, of those in memory. */
  newest(limit: number): readonly Received[]
  /** All of this key, oldest first, also those that only the file still has. */
  byKey(key: string): Promise<readonly Received[]>
  /** Ever received, over restarts too. */
  count(): number
}

/** What arrived: all of it in a file, the newest in memory. A line that a kill cut short is passed over. */
export async function openMessageStore(folder: string, keep: number, log: Logger): Promise<MessageStore> {
  await mkdir(folder, { recursive: true })
  const file = join(folder, MESSAGES_FILE)
  let kept: { readonly message: Received; readonly size: number }[] = []
  let characters = 0
  let number = 0
  let broken = 0

  function remember(message: Received, size: number): void {
    kept.push({ message, size })
    characters += size
    while (kept.length > keep || (characters > MOST_CHARACTERS && kept.length > 1)) {
      characters -= kept.shift()?.size ?? 0
    }
  }

  for await (const { message, size } of linesOf(file)) {
    if (message === undefined) broken++
    else {
      number = message.number
      remember(message, size)
    }
  }
  if (broken > 0) log.warn({ file, lines: broken }, 'lines that are no messages were passed over')
  // Behind a line that was cut short the next one must not begin in its middle.
  if (broken > 0) await appendFile(file, '\n')
  let writing: Promise<unknown> = Promise.resolve()

  return {
    file,
    add(newcomer) {
      const message: Received = { number: ++number, receivedAt: new Date().toISOString(), ...newcomer }
      const line = `${JSON.stringify(message)}\n`
      const written = writing.then(() => appendFile(file, line))
      // One failure is its sender's to hear of, not the next one's.
      writing = written.catch(() => {})
      return written.then(() => {
        remember(message, line.length)
        return message
      })
    },
    newest: (limit) =>
      kept
        .slice(-limit)
        .reverse()
        .map(({ message }) => message),
    async byKey(key) {
      await writing
      const found: Received[] = []
      for await (const { message } of linesOf(file)) if (message?.idempotencyKey === key) found.push(message)
      return found
    },
    count: () => number,
    async stop() {
      await writing
      kept = []
    },
  }
}

async function* linesOf(file: string): AsyncGenerator<{ message: Received | undefined; size: number }> {
  const isThere = await stat(file).then(
    (found) => found.isFile(),
    () => false,
  )
  if (!isThere) return
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line !== '') yield { message: parseLine(line), size: line.length }
  }
}

function parseLine(line: string): Received | undefined {
  try {
    return receivedSchema.parse(JSON.parse(line))
  } catch {
    return undefined
  }
}
