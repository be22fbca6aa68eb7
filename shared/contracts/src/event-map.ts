import { type EventType, ROLE_OF_TYPE } from '@holdfast/core'
import { z } from 'zod'
import { expected, isTimeZone, sourceField } from './fields.ts'
import { formatPattern } from './local-time.ts'
import { checkSettings, mapping, parseYaml } from './settings.ts'

/** How rows of somebody's CSV file become events: what `holdfast import FILE --map MAP.yaml` reads. */

const TEXT = expected('a text')
const text = z.string(TEXT).min(1, TEXT)

const TEMPLATE = expected('a text with columns in braces, such as "order-{invoice}"')
const template = z
  .string(TEMPLATE)
  .min(1, TEMPLATE)
  .describe('A text with columns in braces; {#} is the number of the row, from 1.')

const FORMAT = expected('rfc3339, epoch-ms, epoch-s, or a format of yyyy, MM and dd (each once), HH, mm and ss')
const NAMED_FORMATS: ReadonlySet<string> = new Set(['rfc3339', 'epoch-ms', 'epoch-s'])
const ZONE = expected('an IANA time zone such as Europe/London')
const timeSchema = mapping({
  column: text,
  format: z
    .string(FORMAT)
    .refine((format) => NAMED_FORMATS.has(format) || formatPattern(format) !== undefined, FORMAT)
    .describe('rfc3339, epoch-ms, epoch-s, or made of yyyy MM dd HH mm ss and literal signs.'),
  zone: z.string(ZONE).refine(isTimeZone, ZONE).prefault('UTC').describe('Whose clocks a format without offset shows.'),
})
export type TimeColumn = z.output<typeof timeSchema>

const cellSchema = mapping({
  column: text,
  as: z
    .enum(['text', 'number', 'amount'], expected('text, number or amount'))
    .prefault('text')
    .describe('amount: a decimal string, as money travels.'),
  abs: z.boolean(expected('true or false')).prefault(false).describe('Drops the sign of a number or an amount.'),
})

const valueSchema = z.union(
  [template, z.number(), z.boolean(), cellSchema],
  expected('a text with columns in braces, a number, true or false, or a mapping with column, as, abs'),
)
export type MapValue = z.output<typeof valueSchema>

const scalar = z.union([z.string(), z.number(), z.boolean()], expected('a text or a number')).transform(String)

const types = Object.keys(ROLE_OF_TYPE).filter((type): type is EventType => Object.hasOwn(ROLE_OF_TYPE, type))

const eventSchema = mapping({
  when: z
    .record(z.string(), z.union([scalar, z.array(scalar)]), expected('a mapping of columns to values'))
    .optional()
    .describe('Only rows whose columns hold these values, or one of a list of them.'),
  type: z.enum(types, expected(`an event type such as ${types[0]}`)),
  id: template,
  time: timeSchema.optional().describe("Where it is not the map's."),
  data: z
    .record(z.string(), valueSchema, expected('a mapping'))
    .prefault({})
    .describe('Fields of the event; one that comes out empty is left out.'),
})

export const eventMapSchema = mapping({
  csv: mapping({
    delimiter: z
      .union([z.literal('whitespace'), z.string().length(1)], expected('one character, or whitespace'))
      .prefault(',')
      .describe('One character, or whitespace for columns padded with blanks.'),
    columns: z
      .array(text, expected('a list of names'))
      .optional()
      .describe('Names of the columns, where the first line does not say them.'),
  }).prefault({}),
  source: sourceField,
  subject: template,
  time: timeSchema,
  events: z.array(eventSchema, expected('a list of events')).min(1, expected('at least one event')),
})
export type EventMap = z.output<typeof eventMapSchema>

/** @throws SettingsError that lists every fault with its path. */
export function parseEventMap(text: string, what = 'map'): EventMap {
  return checkSettings(eventMapSchema, parseYaml(text, what), what)
}
