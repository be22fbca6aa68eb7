import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HEADERS } from '@holdfast/contracts'
import { connectProducer, type LoggedRecord, readLog } from '@holdfast/platform'
import { testKafka, uniqueName } from '@holdfast/testing'
import { expect, inject, onTestFinished, test } from 'vitest'
import { cli, makeInstallation } from '../cli/run-cli.ts'

const MAP = `
source: /shop/orders
subject: "{customer}"
time: { column: at, format: rfc3339 }
events:
  - when: { state: paid }
    type: purchase.completed
    id: "{order}"
    data: { orderId: "{order}", amount: { column: total, as: amount }, currency: EUR }
`

const order = (n: number, more: object = {}) => ({
  key: `order-${n}`,
  value: JSON.stringify({
    order: `o${n}`,
    customer: `c${n % 5}`,
    at: '2026-01-02T10:00:00Z',
    state: 'paid',
    total: n,
    ...more,
  }),
})

test('an order topic as it is becomes purchases: each record once over two runs, bad ones among the dead letters', async () => {
  const { env } = await makeInstallation()
  const kafka = testKafka(inject('kafkaBrokers'))
  const admin = kafka.admin()
  await admin.connect()
  const orders = uniqueName('orders')
  await admin.createTopics({ topics: [{ topic: orders, numPartitions: 3 }], waitForLeaders: false })
  onTestFinished(async () => {
    await admin.deleteTopics({ topics: [orders] })
    await admin.disconnect()
  })
  const producer = await connectProducer(kafka)
  onTestFinished(() => producer.stop())
  const mapFile = join(mkdtempSync(join(tmpdir(), 'holdfast-bridge-')), 'map.yaml')
  writeFileSync(mapFile, MAP)
  const group = uniqueName('bridge')
  const bridge = () => cli(['bridge', '--map', mapFile, '--topics', orders, '--group', group, '--once', '--json'], env)
  const recordsIn = async (topic: string) => {
    const found: LoggedRecord[] = []
    await readLog({ kafka, admin, topics: [topic], onBatch: (batch) => void found.push(...batch) })
    return found
  }

  const good = Array.from({ length: 40 }, (_, n) => order(n))
  const other = [order(100, { state: 'cart' }), order(101, { total: '-1' }), { key: 'x', value: 'no json' }]
  await producer.sendBatch([{ topic: orders, messages: [...good, ...other] }])
  const first = await bridge()
  expect(first.code, first.stderr).toBe(0)
  expect(JSON.parse(first.stdout)).toEqual({ records: 43, events: 40, withoutEvent: 1, deadLetters: 2 })
  expect(first.stderr).toContain('not JSON')

  await producer.sendBatch([{ topic: orders, messages: [order(200)] }])
  const second = await bridge()
  expect(JSON.parse(second.stdout)).toMatchObject({ records: 1, events: 1 })

  const events = (await recordsIn(env.TOPIC_PURCHASES)).map(({ key, value }) => ({
    key: String(key),
    ...JSON.parse(String(value)),
  }))
  expect(events.map(({ id }) => id).sort()).toEqual([...Array.from({ length: 40 }, (_, n) => `o${n}`), 'o200'].sort())
  for (const { key, subject } of events) expect(key).toBe(subject)
  const letters = await recordsIn(env.TOPIC_DEAD_LETTERS)
  expect(letters.map(({ headers }) => headers[HEADERS.originTopic])).toEqual([orders, orders])
  expect(letters.map(({ value }) => String(value))).toContain('no json')
})

test('a bridge names what is missing before it reads anything', async () => {
  const { env } = await makeInstallation()
  const mapFile = join(mkdtempSync(join(tmpdir(), 'holdfast-bridge-')), 'map.yaml')
  writeFileSync(mapFile, MAP)
  const none = await cli(['bridge', '--map', mapFile], env)
  expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('no topic to read') })
  const absent = await cli(['bridge', '--map', mapFile, '--topics', 'no-such-topic'], env)
  expect(absent).toMatchObject({ code: 1, stderr: expect.stringContaining('no-such-topic') })
  const own = await cli(['bridge', '--map', mapFile, '--topics', env.TOPIC_PURCHASES], env)
  expect(own).toMatchObject({ code: 2, stderr: expect.stringContaining('of the pipeline itself') })
})
