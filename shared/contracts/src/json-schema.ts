import { type EventType, ROLE_OF_TYPE, ROLES, type Role } from '@holdfast/core'
import { z } from 'zod'
import { eventMapSchema } from './event-map.ts'
import { EVENT_SCHEMAS } from './events.ts'
import { jobSchema } from './job.ts'
import { manifestSchema } from './manifest.ts'
import { topicNames } from './names.ts'
import { policySchema } from './policy.ts'
import { riskChangeSchema } from './risk-change.ts'

/** The contract for people and programs who do not speak zod: JSON Schema (draft 7) and AsyncAPI 3, from the same schemas. */

type Json = Readonly<Record<string, unknown>>

function jsonSchema(schema: z.ZodType): Json {
  return z.toJSONSchema(schema, { target: 'draft-7', io: 'input' })
}

const EVENT_TYPES: readonly EventType[] = Object.values(EVENT_SCHEMAS).map((schema) => schema.shape.type.value)

/** JSON Schemas by name: one an event type, and one for each other thing that crosses a process or is written by hand. */
export function jsonSchemas(): ReadonlyMap<string, Json> {
  const named = new Map<string, Json>(EVENT_TYPES.map((type) => [type, titled(type, EVENT_SCHEMAS[type])]))
  named.set('churn.risk_changed', titled('churn.risk_changed', riskChangeSchema))
  named.set('job', titled('Job of the queues', jobSchema))
  named.set('policy', titled('Policy file', policySchema))
  named.set('model-manifest', titled('Model manifest', manifestSchema))
  named.set('event-map', titled('Import map', eventMapSchema))
  return named
}

function titled(title: string, schema: z.ZodType): Json {
  const { $schema, ...rest } = jsonSchema(schema)
  return { $schema, title, ...rest }
}

const ABOUT: Readonly<Record<Role, string>> = {
  purchases: 'Orders, refunds and cancellations.',
  support: 'Tickets and surveys.',
  engagement: 'Visits, logins, e-mails and mentions.',
  profile: 'Personal fields, consent, contract requests and erasure.',
  actions: 'What was decided, done and answered. A record, never a command.',
}

/** The AsyncAPI 3 document of all topics with their default names, seen from the pipeline: it receives and sends. */
export function asyncApi(version: string): Json {
  const topics = topicNames()
  const messages: Record<string, Json> = {}
  const schemas: Record<string, Json> = {}
  const add = (type: string, schema: z.ZodType) => {
    const { $schema: _, ...rest } = jsonSchema(schema)
    schemas[type] = rest
    messages[type] = {
      name: type,
      contentType: 'application/cloudevents+json',
      payload: { $ref: `#/components/schemas/${type}` },
      bindings: { kafka: { key: { type: 'string', description: 'The customer id, equal to subject.' } } },
    }
  }
  for (const type of EVENT_TYPES) add(type, EVENT_SCHEMAS[type])
  add('churn.risk_changed', riskChangeSchema)

  const channel = (address: string, description: string, types: readonly string[]) => ({
    address,
    description,
    messages: Object.fromEntries(types.map((type) => [type, { $ref: `#/components/messages/${type}` }])),
  })
  const typesOf = (role: Role) => EVENT_TYPES.filter((type) => ROLE_OF_TYPE[type] === role)
  const operation = (action: 'send' | 'receive', channel: string) => ({
    action,
    channel: { $ref: `#/channels/${channel}` },
  })

  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Holdfast',
      version,
      description: 'Structured CloudEvents 1.0 in JSON on Kafka, keyed by customer.',
    },
    defaultContentType: 'application/cloudevents+json',
    channels: {
      ...Object.fromEntries(ROLES.map((role) => [role, channel(topics[role], ABOUT[role], typesOf(role))])),
      riskChanges: channel(topics.riskChanges, 'The band that each customer is in; compacted.', ['churn.risk_changed']),
    },
    operations: {
      ...Object.fromEntries(ROLES.map((role) => [`receive-${role}`, operation('receive', role)])),
      'send-actions': operation('send', 'actions'),
      'send-riskChanges': operation('send', 'riskChanges'),
    },
    components: { messages, schemas },
  }
}
