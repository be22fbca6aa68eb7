import { type DestinationStream, type Logger, pino } from 'pino'
import { as, type Settings } from './config.ts'

export type { Logger } from 'pino'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** How a process logs; part of its configuration. */
export const LOG_SETTINGS = {
  LOG_LEVEL: { parse: as.oneOf(LOG_LEVELS), default: 'info', unit: '-', says: 'Least level that is logged.' },
  LOG_PRETTY: { parse: as.flag(), default: 'false', unit: '-', says: 'Lines for people instead of JSON.' },
} as const satisfies Settings

export interface LoggerOptions {
  /** Who speaks; a field of every line. */
  readonly service: string
  readonly level: LogLevel
  /** One readable line instead of JSON, for a terminal. */
  readonly pretty?: boolean
  /** Default: standard output. */
  readonly destination?: DestinationStream
}

export function createLogger({ service, level, pretty = false, destination }: LoggerOptions): Logger {
  const target = destination ?? process.stdout
  return pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pretty ? { write: (line: string) => void target.write(prettyLine(line)) } : target,
  )
}

const NOT_REPEATED = new Set(['level', 'time', 'service', 'msg', 'err'])

/** `10:00:00.123 warn  risk-worker  what happened  key=value`, and the stack of an error below it. */
export function prettyLine(line: string): string {
  const entry: Record<string, unknown> = JSON.parse(line)
  const { level, time, service, msg, err } = entry
  const fields = Object.entries(entry)
    .filter(([key]) => !NOT_REPEATED.has(key))
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
  const parts = [String(time).slice(11, 23), String(level).padEnd(5), String(service), String(msg ?? ''), ...fields]
  const stack = typeof err === 'object' && err !== null && 'stack' in err ? `\n${String(err.stack)}` : ''
  return `${parts.join('  ')}${stack}\n`
}
