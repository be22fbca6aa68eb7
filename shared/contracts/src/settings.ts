import { parse, YAMLParseError } from 'yaml'
import { z } from 'zod'
import { expected } from './fields.ts'

/** What the files that people write have in common: durations in words, and errors that name file, path and cure. */

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const DURATION_PATTERN = /^(\d{1,6})(s|m|h|d)$/

/** Milliseconds of a duration such as `14d`, `12h`, `30m` or `45s`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit = ''] = DURATION_PATTERN.exec(text) ?? []
  const unitMs = UNIT_MS[unit]
  return count === undefined || unitMs === undefined ? undefined : Number(count) * unitMs
}

const DURATION = expected('a duration such as 14d, 12h, 30m or 45s')

/** Written as text, read as milliseconds. */
export const durationField = z
  .string(DURATION)
  .regex(DURATION_PATTERN, DURATION)
  .transform((text) => parseDuration(text) ?? 0)

/** A mapping that refuses keys that it does not know: in a file written by hand they are typing errors. */
export function mapping<S extends z.ZodRawShape>(shape: S) {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? undefined : expected('a mapping').error(issue)),
  })
}

/** A settings file is wrong; the message lists every fault, one a line. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
}

/** What a schema says is wrong with settings, one line a fault. */
function faults(error: z.ZodError): string[] {
  return error.issues.map((issue) => {
    const unknown = issue.code === 'unrecognized_keys' ? `unknown: ${issue.keys.join(', ')}` : issue.message
    return issue.path.length === 0 ? unknown : `${issue.path.join('.')}: ${unknown}`
  })
}

/**
 * @param what names the file in errors
 * @throws SettingsError
 */
export function checkSettings<S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw new SettingsError([`${what}:`, ...faults(parsed.error)].join('\n  '))
  return parsed.data
}

/**
 * An empty file is an empty object.
 * @throws SettingsError, for broken YAML with line and column
 */
export function parseYaml(text: string, what: string): unknown {
  try {
    return parse(text) ?? {}
  } catch (error) {
    if (error instanceof YAMLParseError || error instanceof ReferenceError) {
      throw new SettingsError(`${what}: ${error.message}`, { cause: error })
    }
    throw error
  }
}
