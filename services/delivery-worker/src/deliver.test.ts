import { type Job, parsePolicy } from '@holdfast/contracts'
import { type Band, type CustomerState, EMPTY_STATE, fold } from '@holdfast/core'
import type { QueueJob } from '@holdfast/platform'
import { anEvent, manualClock, testLog } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { ChannelRest } from './channel-rest.ts'
import type { Sight } from './customers.ts'
import { createDeliverStep } from './deliver.ts'
import { createComposer } from './message/message.ts'
import { loadTemplates, OWN_TEMPLATES } from './message/templates.ts'
import type { Outcome } from './outcome-events.ts'

const NOW = Date.UTC(2026, 5, 1)
const JOB: Job = {
  episodeId: `at_risk.${NOW}.cust-1`,
  customerId: 'cust-1',
  action: 'proactive-outreach',
  band: 'at_risk',
  enteredAt: NOW,
  decidedAt: NOW,
  probability: 0.8,
  expectedLossMinor: 100,
  currency: 'EUR',
  reasons: [],
  modelVersion: 'v1',
  shard: { partition: 0 },
}

function seen(band: Band): Sight {
  const state: CustomerState = {
    ...EMPTY_STATE,
    decided: {
      band,
      previousBand: 'watch',
      enteredAt: NOW,
      evaluatedAt: NOW,
      probability: 0.8,
      expectedLossMinor: 100,
      disposition: 'queued',
      heldUntil: -1,
      predictedAt: -1,
      predictedProbability: 0,
      judged: 0,
    },
  }
  return { kind: 'seen', state, profile: {} }
}

const templates = await loadTemplates(OWN_TEMPLATES)
const HELD: Sight = { kind: 'held', reason: 'behind', forMs: 250 }

/** Runs the job once. @param sights what the shard says, look by look; the last one for ever */
async function deliver(...sights: Sight[]) {
  return deliverFrom(undefined, ...sights)
}

async function deliverFrom(progress: unknown, ...sights: Sight[]) {
  const told: Outcome[] = []
  const sent: string[] = []
  const step = createDeliverStep({
    outlets: [
      {
        channel: {
          name: 'webhook',
          async send({ job }) {
            sent.push(job.episodeId)
            return { kind: 'delivered' }
          },
        },
        rest: new ChannelRest(),
      },
    ],
    customers: { look: async () => (sights.length > 1 ? sights.shift() : undefined) ?? sights[0] ?? HELD },
    compose: createComposer({ templates, teamLocale: 'en', shopName: 'our shop', shopUrl: '' }),
    writeOutcome: async (_, outcome) => void told.push(outcome),
    policy: parsePolicy(''),
    clock: manualClock(NOW),
    log: testLog,
    attempts: 3,
    backoff: { baseMs: 1, maxMs: 1 },
    observer: {
      held: () => {},
      attempted: () => {},
      delivered: () => {},
      suppressed: () => {},
      settled: () => {},
    },
  })
  const queued: QueueJob = {
    id: JOB.episodeId,
    data: JOB,
    progress,
    queuedAt: 0,
    saveProgress: async (saved) => {
      progress = saved
    },
  }
  return { verdict: await step(queued), told: told.map(({ type }) => type), sent, progress }
}

test('whoever is in the band is written to, and the log told', async () => {
  expect(await deliver(seen('at_risk'))).toMatchObject({
    verdict: { kind: 'done' },
    told: ['action.delivered'],
    sent: [JOB.episodeId],
  })
})

test('whoever has left the band is not, and the job is forgotten', async () => {
  expect(await deliver(seen('healthy'))).toMatchObject({
    verdict: { kind: 'done', forget: true },
    told: ['action.suppressed'],
    sent: [],
  })
})

test('whoever has come back while the log was told keeps the job, which could not be queued a second time', async () => {
  expect(await deliver(seen('healthy'), seen('at_risk'))).toMatchObject({ verdict: { kind: 'later' }, sent: [] })
  expect(await deliver(seen('healthy'), HELD)).toMatchObject({ verdict: { kind: 'later', inMs: 250 }, sent: [] })
})

test('a snooze puts the job off to its end, is told once, and is looked at again after a minute at the latest', async () => {
  const snoozed = (until: number): Sight => {
    const sight = seen('at_risk')
    if (sight.kind !== 'seen') throw new Error('not seen')
    const iso = (at: number) => new Date(at).toISOString()
    const about = { action: JOB.action, episodeId: JOB.episodeId, enteredAt: iso(NOW) }
    const { event } = anEvent('action.snoozed', { ...about, until: iso(until) }, { time: NOW - 1 })
    return { ...sight, state: fold(sight.state, event) }
  }
  const first = await deliver(snoozed(NOW + 5_000))
  expect(first).toMatchObject({ verdict: { kind: 'later', inMs: 5_000 }, told: ['action.suppressed'], sent: [] })
  const again = await deliverFrom(first.progress, snoozed(NOW + 86_400_000))
  expect(again).toMatchObject({ verdict: { kind: 'later', inMs: 60_000 }, told: [], sent: [] })
  expect(await deliverFrom(again.progress, snoozed(NOW))).toMatchObject({
    verdict: { kind: 'done' },
    told: ['action.delivered'],
  })
})
