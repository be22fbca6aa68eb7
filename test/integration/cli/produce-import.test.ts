import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { murmur2Partition } from '@holdfast/platform'
import { aPurchase, aTicket, testKafka } from '@holdfast/testing'
import { expect, inject, test } from 'vitest'
import { type LoggedRecord, readLog } from '../../../services/cli/src/log/read-log.ts'
import { cli, makeInstallation, PARTITIONS } from './run-cli.ts'

const MAP = 'infra/maps/online-retail-year1.yaml'
const folder = () => mkdtempSync(join(tmpdir(), 'holdfast-cli-'))

/** All that is in these topics, by the command line's own reader. */
async function recordsIn(...topics: string[]): Promise<LoggedRecord[]> {
  const kafka = testKafka(inject('kafkaBrokers'))
  const admin = kafka.admin()
  await admin.connect()
  const found: LoggedRecord[] = []
  try {
    await readLog({ kafka, admin, topics, onBatch: (batch) => void found.push(...batch) })
  } finally {
    await admin.disconnect()
  }
  return found
}

test('produce sends lines to the topics of their types, on the partition that Java would choose, and names bad ones', async () => {
  const { env } = await makeInstallation()
  const purchases = Array.from({ length: 20 }, (_, i) => aPurchase({ customerId: `cust-${i}-ü` }))
  const ticket = aTicket()
  const lines = [...purchases.map(({ json }) => json), '{"type":"purchase.completed"}', ticket.json]
  const { code, stdout, stderr } = await cli(['produce', '--json'], env, lines.join('\n'))
  expect(code).toBe(1)
  expect(JSON.parse(stdout)).toMatchObject({ sent: 21, bad: 1 })
  expect(stderr).toContain('line 21: ')

  const records = await recordsIn(env.TOPIC_PURCHASES)
  expect(records.map(({ value }) => String(value)).sort()).toEqual(purchases.map(({ json }) => json).sort())
  for (const { key, partition } of records) expect(murmur2Partition(key ?? Buffer.of(), PARTITIONS)).toBe(partition)
  expect((await recordsIn(env.TOPIC_SUPPORT)).map(({ key }) => String(key))).toEqual([ticket.key])
})

test('produce makes one event of its options', async () => {
  const { env } = await makeInstallation()
  const data = '{"amount":"49.90","currency":"GBP"}'
  const typed = ['produce', '--type', 'purchase.completed', '--customer', 'cust-42']
  const good = await cli([...typed, '--data', data, '--id', 'ord-1'], env)
  expect(good).toMatchObject({ code: 0, stderr: '' })
  expect(good.stdout).toContain('1 event sent')
  const unknown = await cli([...typed, '--data', data.replace('GBP', 'XTS')], env)
  expect(unknown.code).toBe(1)
  expect(unknown.stderr).toContain('XTS has no rate')
  expect((await cli(typed.slice(0, 3), env)).code).toBe(2)

  const [record, ...others] = await recordsIn(env.TOPIC_PURCHASES)
  expect(others).toEqual([])
  expect(JSON.parse(String(record?.value))).toMatchObject({ id: 'ord-1', subject: 'cust-42', data: JSON.parse(data) })
})

const ROWS = [
  'customer_id,ts,kind,invoice,amount_gbp,units,lines,country',
  '13085,2009-12-01 07:45:00,purchase,489434,505.30,166,8,United Kingdom',
  '13085,2009-12-01 07:46:00,purchase,489435,145.80,60,4,United Kingdom',
  '13085,2009-12-02 07:46:00,cancel,C489435,-145.80,60,4,United Kingdom',
  '13086,2009-12-02 07:46:00,purchase,489436,a lot,60,4,United Kingdom',
]

test('import brings a packed CSV file into the topics and puts bad rows aside', async () => {
  const { env } = await makeInstallation()
  const dir = folder()
  const file = join(dir, 'shop.csv.gz')
  const badRows = join(dir, 'bad.ndjson')
  writeFileSync(file, gzipSync(ROWS.join('\n')))
  const { code, stdout } = await cli(['import', file, '--map', MAP, '--bad-rows', badRows, '--json'], env)
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toEqual({
    rows: 4,
    events: 3,
    byType: { 'purchase.completed': 2, 'purchase.cancelled': 1 },
    withoutEvent: 0,
    badRows: 1,
  })
  expect(JSON.parse(readFileSync(badRows, 'utf8'))).toMatchObject({ line: 5, row: { invoice: '489436' } })
  const records = await recordsIn(env.TOPIC_PURCHASES)
  expect(records.map(({ value }) => JSON.parse(String(value)).id)).toEqual(['489434', '489435', 'C489435'])
})

test('import writes to a file, or only shows, without any Kafka', async () => {
  const dir = folder()
  const file = join(dir, 'shop.csv')
  const out = join(dir, 'events.ndjson')
  writeFileSync(file, ROWS.slice(0, 4).join('\n'))
  const nowhere = { KAFKA_BROKERS: '', REDIS_URL: '' }
  const dry = await cli(['import', file, '--map', MAP, '--dry-run'], nowhere)
  expect(dry.stdout.trim().split('\n')).toHaveLength(3)
  expect((await cli(['import', file, '--map', MAP, '--out', out], nowhere)).code).toBe(0)
  expect(readFileSync(out, 'utf8')).toBe(dry.stdout)
})

test('import says what to set when an amount’s currency has no rate', async () => {
  const { code, stderr } = await cli(['import', 'x.csv', '--map', MAP], { CURRENCY_RATES: 'USD=0.92' })
  expect(code).toBe(1)
  expect(stderr).toContain('CURRENCY_UNKNOWN')
  expect(stderr).toContain('CURRENCY_RATES=USD=0.92,GBP=…')
})
