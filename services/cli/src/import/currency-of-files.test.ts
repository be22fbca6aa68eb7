import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { countingIn, readSettings } from '../config.ts'
import { currencyOfFiles } from './currency-of-files.ts'

function fileOf(name: string, content: string | Buffer): string {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-currency-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  writeFileSync(join(dir, name), content)
  return join(dir, name)
}

test('files are of the currency of their first amount, whatever stands before it', async () => {
  const lines = ['', 'no JSON', '{"type":"engagement.visited","data":{}}', '{"data":{"currency":"USD"}}']
  const text = [...lines, '{"data":{"currency":"GBP"}}'].join('\n')
  expect(await currencyOfFiles([fileOf('a.ndjson', text)])).toBe('USD')
  expect(await currencyOfFiles([fileOf('a.ndjson', ''), fileOf('b.ndjson.gz', gzipSync(text))])).toBe('USD')
  expect(await currencyOfFiles([fileOf('a.ndjson', lines.slice(0, 3).join('\n'))])).toBeUndefined()
})

test('a log is counted in its own currency, with the others at their rates in it', () => {
  const { BASE_CURRENCY, CURRENCY_RATES } = readSettings(countingIn('USD', {}))
  expect(BASE_CURRENCY).toBe('USD')
  expect(Number(CURRENCY_RATES.EUR)).toBeCloseTo(1 / 0.92, 8)
  expect(Number(CURRENCY_RATES.GBP)).toBeCloseTo(1.17 / 0.92, 8)
  expect(CURRENCY_RATES.USD).toBeUndefined()
})

test('what was said of currencies stands', () => {
  expect(countingIn('USD', { BASE_CURRENCY: 'EUR' })).toEqual({ BASE_CURRENCY: 'EUR' })
  expect(countingIn('USD', { CURRENCY_RATES: 'USD=0.9' })).toEqual({ CURRENCY_RATES: 'USD=0.9' })
  expect(countingIn(undefined, {})).toEqual({})
})
