import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readReplayLog } from './read-events.ts'

/** Lines of orders: two of one, one of another, the newer order first. */
const LINES = [
  ['c-1', 'o-2', '2024-03-02T10:00:00Z', '5.00'],
  ['c-1', 'o-2', '2024-03-02T10:00:00Z', '2.50'],
  ['c-2', 'o-1', '2024-03-01T09:00:00Z', '4.00'],
]
const COLUMNS = ['customer', 'order', 'ts', 'amount']
const MAP = `
source: /test/orders
subject: "{customer}"
time: { column: ts, format: rfc3339 }
group: { by: [order], sum: [amount] }
events:
  - type: purchase.completed
    id: "{order}"
    data: { orderId: "{order}", amount: { column: amount, as: amount }, currency: EUR }
`

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'holdfast-replay-'))
  await writeFile(join(dir, 'map.yaml'), MAP)
})
afterAll(() => rm(dir, { recursive: true }))

test.each([
  ['orders.csv', [COLUMNS, ...LINES].map((line) => line.join(',')).join('\n')],
  [
    'orders.ndjson.gz',
    gzipSync(LINES.map((line) => JSON.stringify(Object.fromEntries(COLUMNS.map((c, i) => [c, line[i]])))).join('\n')),
  ],
])('%s: rows of one order are one event, and events come in the order of their times', async (name, content) => {
  const file = join(dir, name)
  await writeFile(file, content)
  const { events, imported } = await readReplayLog(file, join(dir, 'map.yaml'), {})
  expect(imported).toMatchObject({ rows: 3, events: 2, badRows: 0 })
  const amounts = events.map(({ event }) => JSON.parse(Buffer.from(event.value).toString()).data)
  expect(amounts).toMatchObject([
    { orderId: 'o-1', amount: expect.stringMatching(/^4(\.0+)?$/) },
    { orderId: 'o-2', amount: expect.stringMatching(/^7\.50?$/) },
  ])
})
