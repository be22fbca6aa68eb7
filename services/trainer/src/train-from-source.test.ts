import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CustomerEvent } from '@holdfast/core'
import { type Backend, loadBackend, openVersion, readVersion } from '@holdfast/scorer'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { evaluateStored } from './evaluate-stored.ts'
import { readTrainingRecord } from './registry/training-record.ts'
import { mulberry32 } from './report/bootstrap.ts'
import { htmlReport } from './report/html/page.ts'
import { type CustomerScore, scoreCustomers } from './score.ts'
import type { EventSource } from './source/index.ts'
import type { Stored } from './store-trained.ts'
import { type SourceRequest, trainOnSource } from './train-from-source.ts'

const DAY = 86_400_000
const START = Date.UTC(2024, 0, 1)
const day = (n: number) => START + n * DAY
const LAST = 400

/** Customers who buy at rates of their own until they leave, a third of them soon; every one has a habit by day 60. */
function shop(customers: number): CustomerEvent[] {
  const random = mulberry32(11)
  const events: CustomerEvent[] = []
  for (let c = 0; c < customers; c++) {
    const gap = 8 + 40 * random()
    const leaves = random() < 0.33 ? 60 + 200 * random() : 90 + 900 * random()
    let at = 30 * random()
    while (at < Math.min(LAST, leaves)) {
      events.push(buy(`c${c}`, at, 1_000 + Math.floor(5_000 * random())))
      at += -gap * Math.log(1 - random())
    }
  }
  events.push(buy('last', LAST, 100))
  return events
}

let ids = 0
function buy(customerId: string, at: number, amountMinor: number): CustomerEvent {
  const time = Math.floor(day(at))
  return { type: 'purchase.completed', customerId, time, knownAt: time, idHash: ++ids * 1_000_003, amountMinor }
}

function sourceOf(events: readonly CustomerEvent[]): EventSource {
  const times = events.map(({ time }) => time)
  return {
    name: 'test',
    counts: () => ({
      ...{ events: events.length, skipped: 0, invalid: 0, firstInvalid: undefined, generated: 0 },
      ...{ firstAt: Math.min(...times), lastAt: Math.max(...times), end: day(LAST + 1) },
    }),
    async *[Symbol.asyncIterator]() {
      yield* events
    },
  }
}

const events = shop(500)
let backend: Backend
let dir: string
let stored: Stored

const request = (more: Partial<SourceRequest> = {}): SourceRequest => ({
  backend,
  modelsDir: dir,
  version: 'good',
  currency: 'EUR',
  now: day(LAST),
  source: sourceOf(events),
  trainCutoffs: [day(120), day(150), day(210), day(240)],
  testCutoff: day(330),
  settings: { horizonDays: 60, ridges: [1_000, 100] },
  ...more,
})

beforeAll(async () => {
  backend = await loadBackend({ preferred: 'wasm' })
  dir = await mkdtemp(join(tmpdir(), 'holdfast-train-'))
  stored = await trainOnSource(request())
}, 120_000)
afterAll(() => rm(dir, { recursive: true }))

const open = async (version: string) => openVersion(backend, await readVersion(join(dir, version)))

describe('a model of a log', () => {
  test('ranks better than recency, and says so beside every baseline, overall and by segment', async () => {
    expect(stored.manifest).toMatchObject({ version: 'good', horizonDays: 60, learnedFrom: 'log' })
    expect(stored.trained.fit.converged).toBe(true)
    const { compared, segments, missing } = stored.evaluation
    expect(compared.map(({ name }) => name)).toEqual(['model good', 'base rate', 'recency alone', 'BG/NBD'])
    expect(compared[2]!.lead!.auc.value).toBeGreaterThan(0)
    expect(compared[1]!.quality.auc.value).toBe(0.5)
    expect(compared[0]!.quality.auc.value).toBe(stored.manifest.metrics.auc)
    expect(missing).toEqual([expect.stringContaining('champion')])
    expect(segments.map(({ name }) => name)).toEqual(['new', 'one-time', 'returning', 'high-value', 'not lapsed'])
    expect(segments.find(({ name }) => name === 'returning')!.compared).not.toHaveLength(0)
  })

  test('is scored again at the tested instant, customer by customer, to the same AUC', async () => {
    const version = await open('good')
    const bought = new Set(
      events.filter(({ time }) => time > day(330) && time <= day(390)).map(({ customerId }) => customerId),
    )
    const scores: CustomerScore[] = []
    for await (const one of scoreCustomers({ version, source: sourceOf(events), at: day(330) })) scores.push(one)
    expect(scores).toHaveLength(stored.manifest.metrics.n)
    let wins = 0
    let pairs = 0
    for (const left of scores.filter(({ customerId }) => !bought.has(customerId))) {
      for (const stayed of scores.filter(({ customerId }) => bought.has(customerId))) {
        pairs++
        wins += left.logit > stayed.logit ? 1 : left.logit === stayed.logit ? 0.5 : 0
      }
    }
    expect(wins / pairs).toBeCloseTo(stored.manifest.metrics.auc, 9)
    version.scorer.dispose()
  })

  test('is evaluated again from what was stored, beside a champion, and never on what it learned from', async () => {
    const version = await open('good')
    const training = await readTrainingRecord(stored.dir)
    const again = await evaluateStored({ version, champion: version, training, source: sourceOf(events), at: day(330) })
    const [model, ...others] = again.report.compared
    expect(model!.quality).toEqual(stored.evaluation.compared[0]!.quality)
    expect(others.at(-1)).toMatchObject({ name: 'champion good', lead: { auc: { value: 0, low: 0, high: 0 } } })
    await expect(evaluateStored({ version, training, source: sourceOf(events), at: day(299) })).rejects.toMatchObject({
      code: 'leaks',
      message: expect.stringContaining('or later'),
    })
    version.scorer.dispose()
  })

  test('has a report that asks nothing of the network, runs nothing, and escapes what others named', async () => {
    const html = await readFile(join(stored.dir, 'report.html'), 'utf8')
    expect(html.match(/<svg /g)!.length).toBeGreaterThanOrEqual(8)
    expect(html).not.toMatch(/https?:|<script|<link|<img|@import|url\(|\bsrc=/i)
    expect(html).not.toContain('NaN')
    const evil = '<img src=x onerror="alert(1)">'
    const { evaluation, manifest } = stored
    const compared = evaluation.compared.map((one) => ({ ...one, name: evil }))
    const named = htmlReport(
      {
        ...evaluation,
        version: evil,
        compared,
        coefficients: [{ feature: evil, weight: 1, low: 0, high: 2 }],
        missing: [evil],
      },
      { ...manifest, currency: evil },
    )
    expect(named).not.toContain('<img')
    expect(named).toContain('&lt;img')
  })

  test('may go without a test cutoff: measured on the newest training cutoff by a model of earlier ones', async () => {
    const { testCutoff: _, ...rest } = request({ version: 'untested' })
    const { trained, manifest } = await trainOnSource(rest)
    expect(trained.measured).toMatchObject({ on: 'validation', snapshot: { cutoff: day(240) } })
    expect(manifest.evaluationCutoffs).toEqual([new Date(day(240)).toISOString()])
  }, 60_000)
})

test('customers of whom hardly any has come back: a model without value, which the report says, and no failed training', async () => {
  const random = mulberry32(3)
  const few = Array.from({ length: 600 }, (_, c) => {
    const first = 300 * random()
    // Whoever came before day 250 comes back after it, where no training cutoff sees it.
    return [
      buy(`f${c}`, first, 900),
      ...(first < 250 && random() < 0.6 ? [buy(`f${c}`, 251 + 60 * random(), 900)] : []),
    ]
  }).flat()
  const steps: string[] = []
  const { manifest, report } = await trainOnSource(
    request({
      version: 'worthless',
      source: sourceOf([...few, buy('last', LAST, 100)]),
      trainCutoffs: [day(200), day(210), day(245), day(250)],
      testCutoff: day(310),
      progress: (step) => steps.push(step),
    }),
  )
  expect(manifest.value).toBeUndefined()
  expect(report).toMatch(/Not said: 0 of \d+ customers had bought again by .*, and 30 are needed/)
  expect(steps).toContainEqual(expect.stringContaining('says nothing of what customers will be worth'))
  const opened = await open('worthless')
  expect(opened.riskModel.valuation).toBeUndefined()
  opened.scorer.dispose()
}, 60_000)

describe('what cannot be learned from', () => {
  const onceEach = Array.from({ length: 200 }, (_, c) => buy(`one${c}`, 10 + (c % 50), 100))
  const end = buy('last', LAST, 100)

  test.each([
    ['one class only', { source: sourceOf([...onceEach, end]) }, 'one_class', /all .* training rows churned/],
    [
      'too few who stayed',
      { source: sourceOf([...onceEach, end, ...[250, 290, 340].map((at) => buy('one1', at, 100))]) },
      'too_few_positives',
      /at least 50 are needed/,
    ],
    ['labels that reach past the test', { trainCutoffs: [day(300)] }, 'leaks', /no later than/],
    ['windows past the end', { testCutoff: day(390) }, 'LABEL_LEAKS_PAST_END', /what is known ends/],
    ['cutoffs before the log', { trainCutoffs: [day(-20), day(120)] }, 'CUTOFF_OUTSIDE_LOG', /nothing was known yet/],
    ['an empty log', { source: { ...sourceOf([end]), async *[Symbol.asyncIterator]() {} } }, 'LOG_EMPTY', /no event/],
    ['a version that exists', { version: 'good' }, 'version_taken', /never written over/],
  ])('%s: a clear error, and no half-written output', async (_what, more, code, message) => {
    const before = (await readdir(dir)).toSorted()
    await expect(trainOnSource(request({ version: 'bad', ...more }))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    })
    expect((await readdir(dir)).toSorted()).toEqual(before)
  })
})
