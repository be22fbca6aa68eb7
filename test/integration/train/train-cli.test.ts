import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateShop } from '@holdfast/simulation'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cli } from '../cli/run-cli.ts'

/** Shop events of the purchases topic alone, as a file that somebody exported. */
const shop = generateShop({ seed: 21, customers: 500, from: Date.UTC(2024, 0, 1), until: Date.UTC(2025, 3, 1) })
const MONEY = { BASE_CURRENCY: 'EUR', CURRENCY_RATES: 'GBP=1.17,USD=0.92' }

let dir: string
let events: string
const TRAIN = ['--train-cutoffs', '2024-05-01,2024-06-01,2024-08-15,2024-09-15', '--test-cutoff', '2024-12-20']

const holdfast = (...args: string[]) => cli(args, MONEY)

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'holdfast-train-cli-'))
  events = join(dir, 'events.ndjson')
  await writeFile(events, [...shop.events].map(({ event }) => `${JSON.stringify(event)}\n`).join(''))
})
afterAll(() => rm(dir, { recursive: true }))

describe('from a file of events to a model, its scores and its report', () => {
  test('train, score and evaluate agree with each other', async () => {
    const model = join(dir, 'model')
    const trained = await holdfast('train', '--events', events, ...TRAIN, '--horizon', '90d', '--out', model, '--json')
    expect(trained.stderr).toContain('wrote')
    expect(trained.code).toBe(0)
    const manifest = JSON.parse(trained.stdout)
    expect(manifest).toMatchObject({ version: 'model', horizonDays: 90 })
    expect((await readdir(model)).toSorted()).toEqual([
      'manifest.json',
      'model.json',
      'report.html',
      'report.json',
      'report.md',
      'weights.bin',
    ])

    const scores = join(dir, 'scores.csv')
    const scored = await holdfast(
      'score',
      '--model',
      model,
      '--events',
      events,
      '--at',
      '2024-12-20',
      '--out',
      scores,
      '--json',
    )
    expect(scored.stderr).not.toContain('rror')
    const lines = (await readFile(scores, 'utf8')).trimEnd().split('\n')
    expect(lines[0]).toBe('customer_id,probability,band,reasons')
    expect(lines).toHaveLength(1 + manifest.metrics.n)
    expect(lines[1]).toMatch(/^[^,]+,0\.\d+,(healthy|watch|at_risk|lapsed),/)
    expect(JSON.parse(scored.stdout).customers).toBe(manifest.metrics.n)

    const report = join(dir, 'report.html')
    const evaluated = await holdfast(
      'evaluate',
      '--model',
      model,
      '--events',
      events,
      '--at',
      '2024-12-20',
      '--out',
      report,
      '--json',
    )
    expect(evaluated.code).toBe(0)
    expect(JSON.parse(evaluated.stdout).compared[0].quality.auc.value).toBeCloseTo(manifest.metrics.auc, 9)
    expect(await readFile(report, 'utf8')).toContain('</html>')
    expect(JSON.parse(await readFile(join(dir, 'report.json'), 'utf8'))).toEqual(JSON.parse(evaluated.stdout))
  }, 300_000)

  test('clv prints both fitted models and one line a customer', async () => {
    const out = join(dir, 'clv.csv')
    const { code, stdout } = await holdfast('clv', '--events', events, '--at', '2024-12-31', '--json', '--out', out)
    expect(code).toBe(0)
    const { customers, bgNbd, gammaGamma, totals } = JSON.parse(stdout)
    expect(bgNbd).toMatchObject({ customers, logLikelihood: expect.any(Number) })
    expect(gammaGamma.logLikelihood).toBeLessThan(0)
    const lines = (await readFile(out, 'utf8')).trimEnd().split('\n')
    expect(lines).toHaveLength(1 + customers)
    const sum = lines.slice(1).reduce((total, line) => total + Number(line.split(',')[6]), 0)
    expect(Math.abs(sum - totals.predictedValue)).toBeLessThan(0.005 * customers)
  }, 120_000)
})

describe('what goes wrong is told in one sentence, with exit code 1, and leaves nothing behind', () => {
  test.each([
    [
      'labels that reach past the test',
      ['--train-cutoffs', '2024-11-01', '--test-cutoff', '2024-12-20'],
      /end after the test cutoff/,
    ],
    [
      'a cutoff outside the log',
      ['--train-cutoffs', '2019-05-01,2024-05-01', '--test-cutoff', '2024-12-20'],
      /nothing was known yet/,
    ],
    ['a population that nobody knows', [...TRAIN, '--population', 'some'], /neither "ever" nor "active:"/],
  ])(
    '%s',
    async (_what, options, message) => {
      const out = join(dir, 'never')
      const { code, stderr } = await holdfast('train', '--events', events, ...options, '--out', out)
      expect(stderr).toMatch(message)
      expect(stderr).not.toMatch(/^\s+at /m)
      expect(code).toBe(1)
      expect((await readdir(dir)).filter((name) => name.includes('never'))).toEqual([])
    },
    120_000,
  )

  test('cutoffs without events are typed wrongly', async () => {
    expect((await holdfast('train', '--train-cutoffs', '2024-05-01')).code).toBe(2)
  }, 60_000)
})
