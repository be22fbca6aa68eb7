import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

/** The lines of a text, without their ends. Throws what the stream fails with, which readline alone would wait for in silence. */
export async function* readLines(input: Readable): AsyncGenerator<string> {
  if (input.errored) throw input.errored
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  input.once('error', () => lines.close())
  yield* lines
  if (input.errored) throw input.errored
}
