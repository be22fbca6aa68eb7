import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDecoder } from '@holdfast/contracts'
import { encodeState } from '@holdfast/core'
import { repositoryRoot } from '@holdfast/local'
import { BASE_CURRENCY, eventually, testKafka } from '@holdfast/testing'
import { expect, inject, onTestFinished, test } from 'vitest'
import { cli } from '../integration/cli/run-cli.ts'
import { install, metric, showWorkersOfFailedTests } from '../integration/risk-worker/support.ts'
import { counterDifferences, foldedDifferences } from '../support/compare.ts'
import { readStoredShards } from '../support/shards.ts'
import { naiveLog, readWholeLog } from '../support/whole-log.ts'

showWorkersOfFailedTests()

const FILE = join(repositoryRoot(), '../shared/data/online-retail-year1/invoice_events.csv.gz')
const MAP = join(repositoryRoot(), 'infra/maps/online-retail-year1.yaml')
/** What one pound is worth in the base currency; any rate will do. */
const RATES = { CURRENCY_RATES: 'GBP=1.17' }

const OUTCOMES = ['folded', 'duplicate', 'unknown_type', 'invalid', 'republished', 'already_taken'] as const

const say = (text: string): boolean => process.stderr.write(`online retail: ${text}\n`)

const is = existsSync(FILE) ? 'imported' : `SKIPPED, for ${FILE} is not there`

test.skipIf(!existsSync(FILE))(
  `the real Online Retail log (${is}): every event accounted for, every customer as a naive recompute has them`,
  {
    timeout: 300_000,
  },
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'holdfast-retail-'))
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
    const shop = await install({ partitions: 4, env: { ...RATES, LOG_IS_GENERATED: 'false' } })
    onTestFinished(() => shop.close())
    const worker = await shop.runWorker()

    const started = performance.now()
    const args = ['import', FILE, '--map', MAP, '--bad-rows', join(dir, 'bad.ndjson'), '--json']
    const imported = await cli(args, { ...shop.env })
    expect(imported).toMatchObject({ code: 0 })
    const { rows, events, byType, withoutEvent, badRows } = JSON.parse(imported.stdout)
    say(`${rows} rows: ${events} events (${JSON.stringify(byType)}), ${withoutEvent} without event, ${badRows} bad`)
    expect(rows).toBeGreaterThan(20_000)
    // A row of this file makes one event, or none.
    expect(events + withoutEvent + badRows).toBe(rows)

    const counted = async () => {
      const pairs = await Promise.all(
        OUTCOMES.map(
          async (outcome) => [outcome, await metric(worker, 'holdfast_records_total', { outcome })] as const,
        ),
      )
      return Object.fromEntries(pairs) as Record<(typeof OUTCOMES)[number], number>
    }
    const inTopics = await readWholeLog(testKafka(inject('kafkaBrokers')), [shop.topics.purchases])
    expect(inTopics).toHaveLength(events)
    const settled = await eventually(
      async () => {
        const all = await metric(worker, 'holdfast_records_total', { topic: shop.topics.purchases })
        expect(all).toBe(events)
        expect(await metric(worker, 'holdfast_appointments_overdue')).toBe(0)
        expect(await metric(worker, 'holdfast_outbox_entries')).toBe(0)
        return counted()
      },
      { timeoutMs: 120_000, everyMs: 100 },
    )
    say(
      `${JSON.stringify(settled)} = ${events} produced; done ${((performance.now() - started) / 1_000).toFixed(1)} s after the import began`,
    )
    const letters = await readWholeLog(testKafka(inject('kafkaBrokers')), [shop.topics.deadLetters])
    expect(letters).toHaveLength(settled.invalid)
    const { folded, duplicate, unknown_type: skipped, invalid } = settled
    expect(folded + duplicate + skipped + invalid).toBe(events)

    // All that stands in the topics, the worker's own decisions as well.
    const inputs = [shop.topics.purchases, shop.topics.actions]
    const records = await readWholeLog(testKafka(inject('kafkaBrokers')), inputs)
    const decode = createDecoder({ base: BASE_CURRENCY, rates: { GBP: '1.17' }, topics: shop.topics })
    const log = naiveLog(records, shop.topics, decode)
    const shards = await readStoredShards(shop)
    const stored = shards.reduce((sum, { states }) => sum + states.size, 0)
    expect(foldedDifferences(shards, log.events)).toEqual([])
    expect(counterDifferences(shards)).toEqual([])
    expect(stored).toBe(log.events.size)
    expect(stored).toBeGreaterThan(4_000)
    const bands: Record<string, number> = {}
    const bytes: number[] = []
    for (const { states } of shards) {
      for (const state of states.values()) {
        const band = state.decided?.band ?? 'none'
        bands[band] = (bands[band] ?? 0) + 1
        bytes.push(encodeState(state).length)
      }
    }
    bytes.sort((a, b) => a - b)
    const mean = Math.round(bytes.reduce((sum, size) => sum + size, 0) / bytes.length)
    say(`a state, with what was decided: ${mean} bytes on average, ${bytes.at(-1)} at most`)
    say(`the folded half of all ${stored} customers equals the naive recompute; bands today ${JSON.stringify(bands)}`)
  },
)
