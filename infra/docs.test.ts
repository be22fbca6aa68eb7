import { ROLE_OF_TYPE } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { DOCS, staleDocs } from './docs.ts'

describe('documents made of code', () => {
  it('say what the code says; npm run docs writes them', async () => {
    expect(await staleDocs()).toEqual([])
  })

  it('describe every event type', () => {
    const files = DOCS.map((doc) => doc.file)
    for (const type of Object.keys(ROLE_OF_TYPE)) {
      expect(files).toContain(`shared/contracts/generated/${type}.generated.json`)
    }
  })
})
