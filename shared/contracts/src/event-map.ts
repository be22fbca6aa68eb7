import { type EventType, ROLE_OF_TYPE } from '@holdfast/core'
import { z } from 'zod'
import { expected, isTimeZone, sourceField } from './fields.ts'
import { formatPattern } from './local-time.ts'
import { checkSettings, mapping, parseYaml } from './settings.ts'

/**
 * How rows of somebody's file (CSV, NDJSON, Parquet), or records of somebody's topic, become events: what `holdfast import` and
 * `holdfast bridge` read with `--map MAP.yaml`.
 */

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
const formatField = z
  .string(FORMAT)
  .refine((format) => NAMED_FORMATS.has(format) || formatPattern(format) !== undefined, FORMAT)
  .describe('rfc3339, epoch-ms, epoch-s, or made of yyyy MM dd HH mm ss and literal signs.')
const zoneField = z.string(ZONE).refine(isTimeZone, ZONE)
const timeSchema = mapping({
  column: text,
  format: formatField,
  zone: zoneField.prefault('UTC').describe('Whose clocks a format without offset shows.'),
})
export type TimeColumn = z.output<typeof timeSchema>

const literal = z.union([z.string(), z.number(), z.boolean()], expected('a text, a number, true or false'))

const cellSchema = mapping({
  column: text,
  as: z
    .enum(
      ['text', 'number', 'amount', 'boolean', 'time', 'country'],
      expected('text, number, amount, boolean, time or country'),
    )
    .prefault('text')
    .describe(
      'amount: a decimal string, as money travels; boolean: true/false, yes/no, y/n or 1/0; time: by `format` and `zone`; ' +
        'country: two letters, or its English name.',
    ),
  format: formatField.optional().describe("Of a time, where it is not the map's."),
  zone: zoneField.optional(),
  decimal: z
    .enum(['.', ','], expected('"." or ","'))
    .prefault('.')
    .describe('Sign before the decimals of a number or amount.'),
  values: z
    .record(z.string(), literal, expected('a mapping of what stands in the column to what it means'))
    .optional()
    .describe('What stands in the column, and what it means; "*" for anything else.'),
  abs: z.boolean(expected('true or false')).prefault(false).describe('Drops the sign of a number or an amount.'),
})

const valueSchema = z.union(
  [template, z.number(), z.boolean(), cellSchema],
  expected('a text with columns in braces, a number, true or false, or a mapping with column, as, abs'),
)
export type MapValue = z.output<typeof valueSchema>

const scalar = z.union([z.string(), z.number(), z.boolean()], expected('a text or a number')).transform(String)

const oneOrMany = z.union([scalar, z.array(scalar)], expected('a value or a list of values'))
const conditionSchema = z.union(
  [
    oneOrMany,
    mapping({
      not: oneOrMany.optional().describe('None of these values.'),
      present: z.boolean(expected('true or false')).optional().describe('Whether anything stands there at all.'),
      above: z.number(expected('a number')).optional(),
      below: z.number(expected('a number')).optional(),
    }),
  ],
  expected('a value, a list of values, or a mapping with not, present, above, below'),
)
const whenSchema = z
  .record(z.string(), conditionSchema, expected('a mapping of columns to values'))
  .describe('Only rows whose columns hold these values, one of a list of them, or what a mapping asks for.')
export type When = z.output<typeof whenSchema>

const types = Object.keys(ROLE_OF_TYPE).filter((type): type is EventType => Object.hasOwn(ROLE_OF_TYPE, type))

const eventSchema = mapping({
  when: whenSchema.optional(),
  type: z.enum(types, expected(`an event type such as ${types[0]}`)),
  id: template,
  time: timeSchema.optional().describe("Where it is not the map's."),
  recorded: timeSchema
    .optional()
    .describe('When it became known, where that was later: training then counts it from there.'),
  data: z
    .record(z.string(), valueSchema, expected('a mapping'))
    .prefault({})
    .describe('Fields of the event; one that comes out empty is left out.'),
})

const columnList = z.array(text, expected('a list of columns')).min(1, expected('at least one column'))

const groupSchema = mapping({
  by: columnList.describe('Rows that agree in these columns are one, such as the lines of one order.'),
  sum: z
    .array(text, expected('a list of columns'))
    .prefault([])
    .describe('Columns added up; of all others the first row counts.'),
  count: text.optional().describe('A column made to hold the number of rows.'),
  within: z
    .int(expected('a whole number of rows'))
    .min(1, expected('at least 1'))
    .max(1_000_000, expected('at most 1,000,000'))
    .prefault(10_000)
    .describe('How many rows of others may lie between two of one group.'),
})
export type Grouping = z.output<typeof groupSchema>

export const eventMapSchema = mapping({
  format: z
    .enum(['csv', 'ndjson', 'parquet'], expected('csv, ndjson or parquet'))
    .optional()
    .describe(
      "Where the file's name does not say it: .ndjson, .jsonl, .parquet (and .gz behind the first two), else CSV.",
    ),
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
  bridge: mapping({ topics: columnList.describe('Topics that `holdfast bridge` reads.') })
    .optional()
    .describe(
      'Records are JSON objects; @topic, @partition, @offset, @key and @timestamp (epoch-ms) are columns as well.',
    ),
  source: sourceField,
  subject: template,
  time: timeSchema,
  when: whenSchema.optional().describe('Of all events of the map.'),
  computed: z
    .record(z.string(), mapping({ multiply: columnList }), expected('a mapping of new columns to how they are made'))
    .prefault({})
    .describe('Columns made of others: the product of their decimals, such as quantity times price.'),
  group: groupSchema.optional(),
  events: z.array(eventSchema, expected('a list of events')).min(1, expected('at least one event')),
})
export type EventMap = z.output<typeof eventMapSchema>

/** @throws SettingsError that lists every fault with its path. */
export function parseEventMap(text: string, what = 'map'): EventMap {
  return checkSettings(eventMapSchema, parseYaml(text, what), what)
}
