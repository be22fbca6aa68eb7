import type { Env } from '../config.ts'

/** Where text goes; a terminal says so. */
export interface Sink {
  readonly isTTY?: boolean
}

export type Paint = (text: string) => string
const NAMES = ['bold', 'dim', 'red', 'green', 'yellow', 'cyan'] as const
export type Colours = Readonly<Record<(typeof NAMES)[number], Paint>>

const CODES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39], cyan: [36, 39] } as const

/**
 * Whether text for this sink may be coloured: on a terminal. NO_COLOR (no-color.org) forbids it, FORCE_COLOR asks for it
 * everywhere unless it is 0; where both are set, NO_COLOR holds.
 */
export function mayColour(sink: Sink, env: Env = process.env): boolean {
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false'
  return sink.isTTY === true && env.TERM !== 'dumb'
}

export function colours(isOn: boolean): Colours {
  const paint = (name: keyof typeof CODES): Paint => {
    const [on, off] = CODES[name]
    return isOn ? (text) => `\x1b[${on}m${text}\x1b[${off}m` : (text) => text
  }
  return {
    bold: paint('bold'),
    dim: paint('dim'),
    red: paint('red'),
    green: paint('green'),
    yellow: paint('yellow'),
    cyan: paint('cyan'),
  }
}

export function coloursFor(sink: Sink, env: Env = process.env): Colours {
  return colours(mayColour(sink, env))
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what a terminal takes for a colour.
const SEQUENCE = /\x1b\[[0-9;]*m/g

/** The text as one reads it. */
export function withoutColours(text: string): string {
  return text.replaceAll(SEQUENCE, '')
}
