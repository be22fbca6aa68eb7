import { ROLE_OF_TYPE } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { asyncApi, jsonSchemas } from './json-schema.ts'

describe('jsonSchemas', () => {
  it('says what a producer may write, not what we make of it', () => {
    expect(jsonSchemas().get('purchase.completed')).toMatchObject({
      type: 'object',
      properties: {
        type: { const: 'purchase.completed' },
        subject: { type: 'string', minLength: 1, maxLength: 256 },
        time: { type: 'string', format: 'date-time' },
        data: {
          required: ['amount', 'currency'],
          properties: { amount: { type: 'string', pattern: expect.any(String), description: expect.any(String) } },
        },
      },
      required: ['specversion', 'id', 'source', 'subject', 'time', 'type', 'data'],
    })
    expect(jsonSchemas().get('survey.responded')).toHaveProperty('properties.data.oneOf.length', 3)
    expect(jsonSchemas().get('policy')).toMatchObject({
      additionalProperties: false,
      properties: { actionHorizon: { type: 'string', default: '7d' } },
    })
  })

  it('leaves producers free to add fields', () => {
    expect(JSON.stringify(jsonSchemas().get('purchase.completed'))).not.toContain('additionalProperties')
  })
})

describe('asyncApi', () => {
  const document = asyncApi('1.0.0')
  const text = JSON.stringify(document)

  it('has every type on the topic of its role, and no reference to nothing', () => {
    for (const [type, role] of Object.entries(ROLE_OF_TYPE)) {
      expect(document).toHaveProperty(['channels', role, 'messages', type, '$ref'], `#/components/messages/${type}`)
    }
    const references = [...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = '']) => path.split('/'))
    expect(references.length).toBeGreaterThan(50)
    for (const path of references) expect(document).toHaveProperty(path)
  })
})
