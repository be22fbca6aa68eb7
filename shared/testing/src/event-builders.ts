import { type CloudEventOf, createDecoder, formatTime } from '@holdfast/contracts'
import { type CustomerEvent, type EventType, ROLE_OF_TYPE, type Role } from '@holdfast/core'
import { uniqueName } from './names.ts'

/** One event in all its shapes: as produced, and as the fold takes it. */
export interface BuiltEvent {
  readonly role: Role
  /** Key of the record: the customer id. */
  readonly key: string
  /** The CloudEvent. */
  readonly json: string
  readonly event: CustomerEvent
}

export interface EnvelopeOverrides {
  readonly customerId?: string
  /** When it happened, ms. Default 2026-01-01. */
  readonly time?: number
  /** Default: one that no other event has. */
  readonly id?: string
  readonly source?: string
  /** When it became known, ms. Default: left out, so when it happened. */
  readonly recordedTime?: number
}

export const BASE_CURRENCY = 'EUR'
export const DEFAULT_TIME = Date.UTC(2026, 0, 1)

const decode = createDecoder({ base: BASE_CURRENCY })

/**
 * A valid event of any type.
 * @throws Error with the contract's reason, when it is not valid after all
 */
export function anEvent<T extends EventType>(
  type: T,
  data: CloudEventOf<T>['data'],
  overrides: EnvelopeOverrides = {},
): BuiltEvent {
  const { customerId = 'cust-1', time = DEFAULT_TIME, source = '/test', id = uniqueName('event') } = overrides
  const { recordedTime = time } = overrides
  const json = JSON.stringify({
    specversion: '1.0',
    id,
    source,
    type,
    subject: customerId,
    time: formatTime(time),
    ...(recordedTime !== time && { recordedtime: formatTime(recordedTime) }),
    data,
  })
  const role = ROLE_OF_TYPE[type]
  const decoded = decode(role, Buffer.from(json), Math.max(time, recordedTime))
  if (decoded.kind !== 'event') throw new Error(`the builder made no valid ${type}: ${JSON.stringify(decoded)}`)
  return { role, key: customerId, json, event: decoded.event }
}

export interface PurchaseOverrides extends EnvelopeOverrides {
  /** Decimal string, in EUR. Default 49.90. */
  readonly amount?: string
}

export function aPurchase({ amount = '49.90', ...envelope }: PurchaseOverrides = {}): BuiltEvent {
  return anEvent('purchase.completed', { orderId: uniqueName('order'), amount, currency: BASE_CURRENCY }, envelope)
}

export function aRefund({ amount = '49.90', ...envelope }: PurchaseOverrides = {}): BuiltEvent {
  return anEvent('purchase.refunded', { orderId: uniqueName('order'), amount, currency: BASE_CURRENCY }, envelope)
}

export function aTicket({
  complaint = false,
  ...envelope
}: EnvelopeOverrides & { complaint?: boolean } = {}): BuiltEvent {
  return anEvent('support.ticket_opened', { ticketId: uniqueName('ticket'), complaint }, envelope)
}

export function aVisit(envelope: EnvelopeOverrides = {}): BuiltEvent {
  return anEvent('engagement.visited', {}, envelope)
}
