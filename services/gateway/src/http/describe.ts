import { jsonSchemas } from '@holdfast/contracts'
import type { OpenApi } from '@holdfast/platform'
import { z } from 'zod'
import { ACCEPTED_TYPES } from '../event/prepare.ts'
import { BATCH, JSON_TYPE, STRUCTURED } from './read-events.ts'

type Json = Readonly<Record<string, unknown>>

const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` })

/** Adds to the description what Fastify does not know: that the body of `POST /v1/events` is one of the contract's events. */
export function describeEvents(document: OpenApi): OpenApi {
  const { components, paths, ...rest } = documentSchema.parse(document)
  const { '/v1/events': events, ...others } = paths
  return {
    ...rest,
    components: { ...components, schemas: { ...components.schemas, ...eventSchemas() } },
    paths: { ...others, '/v1/events': { post: { ...events.post, parameters: HEADERS, requestBody: BODY } } },
  }
}

const documentSchema = z.looseObject({
  components: z.looseObject({ schemas: z.looseObject({}).default({}) }).prefault({}),
  paths: z.looseObject({ '/v1/events': z.object({ post: z.looseObject({}) }) }),
})

function eventSchemas(): Record<string, Json> {
  const schemas = jsonSchemas()
  const named = ACCEPTED_TYPES.map((type): [string, Json] => {
    const { $schema: _, ...schema } = schemas.get(type) ?? {}
    // Whatever a sender calls its recordedtime, ours takes its place.
    const { recordedtime: __, ...properties } = propertiesSchema.parse(schema.properties)
    return [type, { ...schema, properties }]
  })
  return {
    ...Object.fromEntries(named),
    CloudEvent: {
      description:
        'A CloudEvent 1.0 of one of the types of the contract. What a schema does not name is allowed and ignored.',
      oneOf: named.map(([type]) => ref(type)),
    },
  }
}

const propertiesSchema = z.record(z.string(), z.unknown())

const BODY = {
  required: true,
  content: {
    [STRUCTURED]: { schema: ref('CloudEvent') },
    [BATCH]: { schema: { type: 'array', items: ref('CloudEvent') } },
    [JSON_TYPE]: {
      schema: {
        description: 'One event or several; beside `ce-…` headers (binary mode), the data alone.',
        anyOf: [ref('CloudEvent'), { type: 'array', items: ref('CloudEvent') }],
      },
    },
  },
}

/** Of binary mode: attributes as headers, percent-encoded. */
const HEADERS = ['specversion', 'id', 'source', 'type', 'subject', 'time'].map((attribute) => ({
  name: `ce-${attribute}`,
  in: 'header',
  required: false,
  description: `Binary mode: the attribute \`${attribute}\`, percent-encoded.`,
  schema: { type: 'string' },
}))
