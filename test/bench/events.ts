/** What every event weighs, bytes of its value. */
export const EVENT_BYTES = 250

/** Share of purchases; the rest is support. */
const PURCHASES = 0.8

export interface BenchEvent {
  readonly role: 'purchases' | 'support'
  readonly customerId: string
  /** A CloudEvent of exactly EVENT_BYTES. */
  readonly value: string
}

/** An event that happened at `time`, ms since 1970. */
export type EventSource = (time: number) => BenchEvent

/**
 * An endless shop: four purchases for each support event, over customers of whom some come far more often than others. The
 * same seed gives the same customers, kinds and amounts.
 */
export function createEventSource({ customers, seed }: { customers: number; seed: number }): EventSource {
  const random = createRandom(seed)
  let made = 0
  return function nextEvent(time) {
    const number = `${seed}-${String(made++).padStart(9, '0')}`
    const customerId = customerName(Math.floor(customers * random() ** 1.3))
    if (random() < PURCHASES) {
      return purchase({ id: `ord-${number}`, customerId, time, amountMinor: 500 + Math.floor(15_000 * random() ** 3) })
    }
    const kind = random()
    if (kind < 0.5) {
      const complaint = random() < 0.3
      return support('ticket_opened', number, customerId, time, `"ticketId":"t-${number}","complaint":${complaint}`)
    }
    if (kind < 0.85) {
      const openedAt = new Date(time - Math.floor(random() * 72 * 3_600_000)).toISOString()
      return support('ticket_resolved', number, customerId, time, `"ticketId":"t-${number}","openedAt":"${openedAt}"`)
    }
    if (kind < 0.9) return support('ticket_escalated', number, customerId, time, `"ticketId":"t-${number}"`)
    const score = 1 + Math.floor(random() * 5)
    return { ...event('support', 'survey.responded', number, customerId, time, `"kind":"csat","score":${score}`) }
  }
}

export function customerName(index: number): string {
  return `cust-${String(index).padStart(7, '0')}`
}

export interface Purchase {
  readonly id: string
  readonly customerId: string
  readonly time: number
  readonly amountMinor: number
}

export function purchase({ id, customerId, time, amountMinor }: Purchase): BenchEvent {
  const amount = (amountMinor / 100).toFixed(2)
  const data = `"orderId":"${id}","amount":"${amount}","currency":"EUR"`
  return event('purchases', 'purchase.completed', id, customerId, time, data)
}

function support(type: string, number: string, customerId: string, time: number, data: string): BenchEvent {
  return event('support', `support.${type}`, `evt-${number}`, customerId, time, data)
}

function event(
  role: BenchEvent['role'],
  type: string,
  id: string,
  customerId: string,
  time: number,
  data: string,
): BenchEvent {
  const source = role === 'purchases' ? '/shop/eu' : '/helpdesk/eu'
  const head =
    `{"specversion":"1.0","id":"${id}","source":"${source}","type":"${type}","subject":"${customerId}",` +
    `"time":"${isoOf(time)}","data":{${data},"pad":"`
  // All of it is ASCII, so characters are bytes.
  const room = EVENT_BYTES - head.length - 3
  if (room < 0) throw new Error(`an event of type ${type} does not fit into ${EVENT_BYTES} bytes: ${head}`)
  return { role, customerId, value: `${head}${'x'.repeat(room)}"}}` }
}

let newest = { time: Number.NaN, iso: '' }

/** Many events happen at one instant, and to write it down takes a fifth of making one. */
function isoOf(time: number): string {
  if (time !== newest.time) newest = { time, iso: new Date(time).toISOString() }
  return newest.iso
}

/** mulberry32 by Tommy Ettinger (public domain): numbers in [0, 1). */
function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return function random() {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
