import { BANDS } from '@holdfast/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { actionEvent, encodeEvent } from './action-event.ts'
import { createDecoder } from './decode.ts'
import { episodeId, parseEpisodeId } from './episode.ts'
import { isSubject } from './fields.ts'
import { type Job, jobSchema } from './job.ts'
import { riskChangeEvent, riskChangeSchema } from './risk-change.ts'

const ENTERED = Date.parse('2026-10-30T10:00:00.123Z')
const AT = Date.parse('2026-11-01T10:00:00Z')
const customer = fc.string({ unit: 'binary', minLength: 1, maxLength: 256 }).filter(isSubject)
const band = fc.constantFrom(...BANDS)

describe('episodeId', () => {
  it('names the episode, can be read back, and is one that BullMQ takes', () => {
    fc.assert(
      fc.property(customer, band, fc.nat(), (customerId, band, enteredAt) => {
        const id = episodeId(customerId, band, enteredAt)
        expect(id).toMatch(/^[\x21-\x39\x3b-\x7e]+$/)
        expect(id.length).toBeLessThanOrEqual(1000)
        expect(parseEpisodeId(id)).toEqual({ customerId, band, enteredAt })
      }),
    )
    expect(episodeId('shop:7', 'at_risk', 5)).toBe('at_risk.5.shop%3A7')
  })

  it.each(['', 'at_risk.5', 'at_risk.5.', 'gone.5.c', 'at_risk.05.c', 'at_risk.5.%E0', 'at_risk.5.%63'])(
    '%j names none',
    (id) => {
      expect(parseEpisodeId(id)).toBeUndefined()
    },
  )
})

describe('actionEvent', () => {
  const decode = createDecoder({ base: 'EUR' })
  const steps = [
    { type: 'action.decided' },
    { type: 'action.delivered' },
    { type: 'action.acknowledged' },
    { type: 'action.failed', reason: 'no channel' },
    { type: 'action.suppressed', reason: 'cooldown' },
    { type: 'action.snoozed', until: AT + 1 },
    { type: 'action.resolved', outcome: 'saved' },
  ] as const

  it.each(steps)('$type comes back as it was meant, also for the longest id', (step) => {
    const episode = { customerId: '\u0001'.repeat(256), band: 'at_risk', enteredAt: ENTERED } as const
    const event = actionEvent(episode, 'proactive-outreach', step, AT, '/holdfast/test')
    const { reason: _, ...kept } = { reason: '', ...step }
    expect(decode('actions', encodeEvent(event), AT)).toMatchObject({
      kind: 'event',
      event: { ...kept, action: 'proactive-outreach', customerId: episode.customerId, enteredAt: ENTERED, time: AT },
    })
  })

  it('has the same id when written again, and another for another step', () => {
    const episode = { customerId: 'c', band: 'lapsed', enteredAt: ENTERED } as const
    const ids = steps.map((step) => actionEvent(episode, 'reactivation', step, AT, '/t').id)
    expect(new Set(ids).size).toBe(steps.length)
    expect(ids[0]).toBe(`lapsed.${ENTERED}.c/decided`)
    expect(actionEvent(episode, 'reactivation', steps[1], AT + 5, '/t').id).toBe(ids[1])
    expect(actionEvent(episode, 'reactivation', steps[5], AT + 5, '/t').id).not.toBe(ids[5])
    // Held back by a cooldown, and then for good: the second reason is news.
    const refused = { type: 'action.suppressed', reason: 'no_consent' } as const
    expect(actionEvent(episode, 'reactivation', refused, AT, '/t').id).not.toBe(ids[4])
  })
})

const job: Job = {
  episodeId: episodeId('c', 'at_risk', ENTERED),
  customerId: 'c',
  action: 'proactive-outreach',
  band: 'at_risk',
  enteredAt: ENTERED,
  decidedAt: AT,
  probability: 0.7,
  expectedLossMinor: 1234.5,
  currency: 'EUR',
  reasons: [{ group: 'recency', logit: 1.5, sentence: 'last order 74 days ago; usually orders every 21' }],
  modelVersion: '2026-11-01',
  shard: { partition: 3 },
}

describe('jobSchema', () => {
  it('passes a job through JSON unchanged', () => {
    expect(jobSchema.parse(JSON.parse(JSON.stringify(job)))).toEqual(job)
  })

  it.each([{ probability: 1.1 }, { action: 'call' }, { enteredAt: 0.5 }, { shard: {} }])('refuses %j', (change) => {
    expect(jobSchema.safeParse({ ...job, ...change }).success).toBe(false)
  })
})

describe('riskChangeEvent', () => {
  it('is what its schema says, with and without a band before', () => {
    const { action: _, episodeId: id, decidedAt, shard: __, ...rest } = job
    const change = riskChangeEvent({ ...rest, previousBand: 'watch', evaluatedAt: decidedAt, source: '/t' })
    expect(riskChangeSchema.parse(JSON.parse(JSON.stringify(change)))).toEqual(change)
    expect(change).toMatchObject({ id, subject: 'c', data: { enteredAt: '2026-10-30T10:00:00.123Z' } })
    const first = riskChangeEvent({ ...rest, probability: undefined, evaluatedAt: decidedAt, source: '/t' })
    expect(riskChangeSchema.safeParse(JSON.parse(JSON.stringify(first))).success).toBe(true)
  })
})
