import { z } from 'zod'
import { explainError, HoldfastError } from './errors.ts'

/** One environment variable: how its text is read, and what a person must know to set it. */
export interface Setting<T> {
  /** From the variable's text to the value; the messages of its issues say what was expected. */
  readonly parse: z.ZodType<T, string>
  /** As one would write it in the environment; parsed like any other value. Empty where the setting is off by default. */
  readonly default: string
  /** What the number or text is in, such as `ms`, `host:port, …`; `-` for none. */
  readonly unit: string
  /** One sentence. */
  readonly says: string
  /** What an installation sets here is never printed. */
  readonly secret?: boolean
}

// biome-ignore lint/suspicious/noExplicitAny: a table of settings of whatever type; each is read back with its own.
export type Settings = Readonly<Record<string, Setting<any>>>
export type ConfigOf<S extends Settings> = { readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never }

/** Readers of variables, to be named in `parse`. */
export const as = {
  text: () => z.string(),
  /** A text that may not be missing. */
  required: () => z.string().min(1, 'expected a value'),
  list: () => z.string().transform((text) => text.split(',').flatMap((part) => part.trim() || [])),
  flag: () =>
    z
      .enum(['true', 'false', '1', '0', 'on', 'off'], 'expected true or false')
      .transform((text) => text === 'true' || text === '1' || text === 'on'),
  oneOf: <const T extends readonly [string, ...string[]]>(values: T) =>
    z.enum(values, `expected one of ${values.join(', ')}`),
  number: ({ min = -Infinity, max = Infinity, integer = true } = {}) => {
    const expected = `expected ${integer ? 'a whole number' : 'a number'}${range(min, max)}`
    return z.string().transform((text, context) => {
      const value = text.trim() === '' ? Number.NaN : Number(text)
      const fits = Number.isFinite(value) && value >= min && value <= max && (!integer || Number.isInteger(value))
      if (fits) return value
      context.addIssue({ code: 'custom', message: expected })
      return z.NEVER
    })
  },
}

function range(min: number, max: number): string {
  if (min === -Infinity && max === Infinity) return ''
  if (max === Infinity) return ` of at least ${min}`
  if (min === -Infinity) return ` of at most ${max}`
  return ` from ${min} to ${max}`
}

/**
 * Reads every setting from the environment; a variable that is missing or empty takes its default.
 * @throws HoldfastError CONFIG_INVALID that lists all bad variables at once, with what was expected of each.
 */
export function readConfig<S extends Settings>(
  settings: S,
  env: Readonly<Record<string, string | undefined>>,
): ConfigOf<S> {
  const complaints: string[] = []
  const values = Object.entries(settings).map(([name, setting]) => {
    const text = env[name] || setting.default
    const parsed = setting.parse.safeParse(text)
    if (parsed.success) return [name, parsed.data]
    const expected = parsed.error.issues.map(({ message }) => message).join('; ')
    complaints.push(`${name}=${setting.secret ? '(secret)' : JSON.stringify(text)}: ${expected} (${setting.says})`)
    return [name, undefined]
  })
  if (complaints.length > 0) {
    throw new HoldfastError({
      code: 'CONFIG_INVALID',
      message: `these settings cannot be used:\n${complaints.map((line) => `  - ${line}`).join('\n')}`,
      cure: 'correct the environment variables named above; the rest is fine.',
    })
  }
  return Object.fromEntries(values)
}

/** The settings of this process. Before there is a log, what is wrong with them goes to whoever started it, and it ends with 1. */
export function configOrExit<S extends Settings>(settings: S): ConfigOf<S> {
  try {
    return readConfig(settings, process.env)
  } catch (thrown) {
    process.stderr.write(`${explainError(thrown)}\n`)
    process.exit(1)
  }
}

/** The settings as a Markdown table, for the docs and for `--help`. */
export function describeConfig(settings: Settings): string {
  const cell = (text: string) => text.replaceAll('|', '\\|')
  const rows = Object.entries(settings).map(([name, { default: value, unit, says }]) => {
    const shown = value === '' ? '(empty)' : `\`${cell(value)}\``
    return `| \`${name}\` | ${shown} | ${cell(unit)} | ${cell(says)} |`
  })
  return ['| variable | default | unit | what it does |', '|---|---|---|---|', ...rows].join('\n')
}
