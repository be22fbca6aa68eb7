import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { EVENT_SCHEMAS } from './events.ts'
import { jobSchema } from './job.ts'
import { acceptorOf } from './quick.ts'

/** Values of which some are good in one place and some in none. */
const anything = fc.oneof(
  fc.constantFrom<unknown>(
    ...['', 'a', 'x'.repeat(256), 'x'.repeat(257), 'x'.repeat(1_025), '\ud800', 'שלום', '€'.repeat(85), '€'.repeat(86)],
    ...['1.0', '49.90', '-1', '1e3', '0.12345', 'EUR', 'eur', 'AT', 'Europe/Vienna', '+01:00'],
    ...['2026-11-01T10:00:00Z', '2026-02-30T10:00:00Z', '2026-11-01 10:00', '0000-01-01T00:00:00Z'],
    ...['csat', 'nps', 'upgrade', 'cancel', 'outreach', 'proactive-outreach', 'reactivation', 'saved'],
    ...[0, 1, 5, 7, 10, 11, -1, 0.5, -0, 2 ** 53, 1e300, Number.POSITIVE_INFINITY, Number.NaN],
    ...[[{ group: 'recency', logit: Number.NaN, sentence: 'long ago' }], [{ group: 'recency', logit: 1 }], [null]],
    ...[true, false, null, undefined, {}, [], { kind: 'csat', score: 3 }, { kind: 'nps', score: 3.5 }],
  ),
  fc.jsonValue(),
)

/** Objects with the schema's own keys, mostly filled with what fits somewhere. */
function nearly(shape: z.ZodRawShape): fc.Arbitrary<unknown> {
  const values = Object.entries(shape).map(([key, field]) => [key, fieldValue(field as z.ZodType)] as const)
  return fc.record(Object.fromEntries(values), { requiredKeys: [] })
}

function fieldValue(field: z.ZodType): fc.Arbitrary<unknown> {
  const inner = field instanceof z.ZodOptional ? (field.unwrap() as z.ZodType) : field
  const good: unknown[] = GOOD.filter((value) => inner.safeParse(value).success)
  if (inner instanceof z.ZodObject) return fc.oneof({ weight: 8, arbitrary: nearly(inner.shape) }, anything)
  const fitting = good.length > 0 ? fc.constantFrom(...good) : anything
  return fc.oneof({ weight: 12, arbitrary: fitting }, anything)
}

const GOOD: readonly unknown[] = [
  ...[
    '1.0',
    'abc',
    '49.90',
    'EUR',
    '2026-11-01T10:00:00Z',
    'AT',
    'Europe/Vienna',
    'csat',
    'nps',
    'upgrade',
    'outreach',
  ],
  ...['at_risk', [], [{ group: 'recency', logit: 0.5, sentence: 'long ago' }]],
  ...['proactive-outreach', 'saved', true, 0, 1, 3, { kind: 'csat', score: 3 }, ...Object.keys(EVENT_SCHEMAS)],
]

const SCHEMAS: Readonly<Record<string, z.ZodObject>> = { ...EVENT_SCHEMAS, job: jobSchema }

describe.each(Object.entries(SCHEMAS))('%s', (_type, schema) => {
  test('the quick answer is the answer of the schema', () => {
    const accepts = acceptorOf(schema)
    let accepted = 0
    fc.assert(
      fc.property(fc.oneof({ weight: 9, arbitrary: nearly(schema.shape) }, anything), (value) => {
        const said = accepts(value)
        if (said) accepted++
        expect(said).toBe(schema.safeParse(value).success)
      }),
      { numRuns: 400, seed: 7 },
    )
    // A test that never sees a good event says little.
    expect(accepted).toBeGreaterThan(0)
  })
})
