import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Decode, Decoded } from '@holdfast/contracts'
import { type EventType, ROLE_OF_TYPE } from '@holdfast/core'
import { asError, HoldfastError } from '@holdfast/platform'
import { createCounting, requireMostlyEvents } from './counting.ts'
import type { EventSource } from './event-source.ts'
import { fileLines } from './lines.ts'

export interface FileSourceOptions {
  /** CloudEvents, one JSON object a line; `.gz` is unpacked on the way. */
  readonly files: readonly string[]
  readonly decode: Decode
  /** Events dated after it are refused, ms. */
  readonly now: number
  /** @param share of the bytes read, 0 to 1 */
  readonly onProgress?: (share: number, events: number) => void
}

const EVERY_LINES = 4_096

/** @throws HoldfastError FILE_UNREADABLE, FILE_TWICE at once; LOG_INVALID at the end of an iteration */
export function openFiles({ files, decode, now, onProgress }: FileSourceOptions): EventSource {
  const sizes = files.map(sizeOf)
  const total = Math.max(
    1,
    sizes.reduce((sum, size) => sum + size, 0),
  )
  const paths = files.map((file) => resolve(file))
  const twice = paths.find((path, i) => paths.indexOf(path) !== i)
  if (twice !== undefined) {
    throw new HoldfastError({
      code: 'FILE_TWICE',
      message: `${twice} is given twice`,
      cure: 'name every file once: its events would be counted twice.',
    })
  }
  const name = files.join(', ')
  let counting = createCounting()

  async function* events() {
    const counter = createCounting()
    counting = counter
    let before = 0
    for (const [i, file] of files.entries()) {
      let line = 0
      let bytes = 0
      const where = () => `${files.length > 1 ? `${file} ` : ''}line ${line}`
      for await (const value of fileLines(file, (n) => (bytes = n))) {
        line++
        if (isBlank(value)) continue
        const event = counter.take(decodeAny(decode, value, now), value, where)
        if (event !== undefined) yield event
        if (line % EVERY_LINES === 0) onProgress?.((before + bytes) / total, counter.counts().events)
      }
      before += sizes[i] ?? 0
    }
    onProgress?.(1, counter.counts().events)
    requireMostlyEvents(name, counter.counts())
  }
  return { name, counts: () => counting.counts(), [Symbol.asyncIterator]: events }
}

const TYPE = /"type"\s*:\s*"([^"\\]*)"/

/** Reads an event whose topic nobody told: by the type that it names, at first sight or else when parsed. */
export function decodeAny(decode: Decode, value: Uint8Array, recordTimeMs: number): Decoded {
  const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1')
  const guess = TYPE.exec(text)?.[1]
  if (guess !== undefined && isEventType(guess)) {
    const decoded = decode(ROLE_OF_TYPE[guess], value, recordTimeMs)
    if (decoded.kind === 'event') return decoded
  }
  const type = typeOf(value)
  return decode(type !== undefined && isEventType(type) ? ROLE_OF_TYPE[type] : 'purchases', value, recordTimeMs)
}

function typeOf(value: Uint8Array): string | undefined {
  try {
    const raw: unknown = JSON.parse(Buffer.from(value).toString())
    return typeof raw === 'object' && raw !== null && 'type' in raw && typeof raw.type === 'string'
      ? raw.type
      : undefined
  } catch {
    return undefined
  }
}

function isEventType(type: string): type is EventType {
  return Object.hasOwn(ROLE_OF_TYPE, type)
}

function isBlank(line: Buffer): boolean {
  for (const byte of line) if (byte !== 0x20 && byte !== 0x0d && byte !== 0x09) return false
  return true
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size
  } catch (cause) {
    throw new HoldfastError({
      code: 'FILE_UNREADABLE',
      message: `cannot read ${resolve(file)}`,
      cause: asError(cause),
      cure: 'check the path and its permissions.',
    })
  }
}
