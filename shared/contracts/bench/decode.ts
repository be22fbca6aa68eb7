import { createDecoder } from '@holdfast/contracts'

/**
 * Cost of decoding, beside that of `JSON.parse` alone, on events of about 250 bytes:
 * `node --conditions=source --import tsx shared/contracts/bench/decode.ts`
 */

const EVENTS = 20_000
const ROUNDS = 10
const START = Date.parse('2026-11-01T00:00:00Z')

const kinds = [
  {
    role: 'purchases',
    type: 'purchase.completed',
    data: (i: number) => ({
      orderId: `ord-${i}`,
      amount: `${i % 500}.${10 + (i % 90)}`,
      currency: i % 10 === 0 ? 'GBP' : 'EUR',
      units: i % 5,
    }),
  },
  {
    role: 'support',
    type: 'support.ticket_opened',
    data: (i: number) => ({ ticketId: `t-${i}`, channel: 'email', priority: 'high', complaint: i % 3 === 0 }),
  },
  {
    role: 'engagement',
    type: 'engagement.visited',
    data: () => ({ page: '/catalogue/winter-shoes', referrer: 'newsletter' }),
  },
] as const

function records({ role, type, data }: (typeof kinds)[number]) {
  return Array.from({ length: EVENTS }, (_, i) => {
    const event = {
      specversion: '1.0',
      id: `event-${i}-4f9a`,
      source: '/shop/eu/web',
      type,
      subject: `cust-${i % 5000}`,
      time: new Date(START + i * 1000).toISOString(),
      datacontenttype: 'application/json',
      data: data(i),
    }
    return { role, value: Buffer.from(JSON.stringify(event)) }
  })
}

/** Microseconds a record, the best of several rounds. */
function best<T>(items: readonly T[], run: (item: T) => void): number {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now()
    for (const item of items) run(item)
    least = Math.min(least, performance.now() - start)
  }
  return (least * 1000) / items.length
}

const decode = createDecoder({ base: 'EUR', rates: { GBP: '1.17' } })
for (const kind of kinds) {
  const batch = records(kind)
  const bytes = Math.round(batch.reduce((sum, { value }) => sum + value.length, 0) / batch.length)
  const parsing = best(batch, ({ value }) => JSON.parse(value.toString('utf8')))
  const decoding = best(batch, ({ role, value }) => {
    const decoded = decode(role, value, START + EVENTS * 1000)
    if (decoded.kind !== 'event') throw new Error(JSON.stringify(decoded))
  })
  console.log(`${kind.type}: ${bytes} bytes, JSON.parse ${parsing.toFixed(2)} µs, decode ${decoding.toFixed(2)} µs`)
}
