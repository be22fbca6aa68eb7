import { type CustomerEvent, type EventType, ROLE_OF_TYPE, type Role } from '@holdfast/core'
import type { CloudEvents } from './events.ts'
import { isTime, MAX_ID_CHARACTERS, MAX_SOURCE_CHARACTERS, MAX_SUBJECT_BYTES, MAX_TEXT_CHARACTERS } from './fields.ts'
import { isAmount } from './money.ts'
import { type Bounds, type Envelope, NORMALISE, normaliseEnvelope } from './normalise.ts'
import { ABSENT, FALSE, NUMBER, OBJECT, Scan, TEXT, TRUE } from './scan.ts'

/**
 * The common events, read from a scan of their bytes: most of what JSON.parse makes of a record is looked at once and thrown
 * away, and takes longer than all else that is done with it. What this does not take is parsed, and told what is wrong with it.
 */

const [SPECVERSION, ID, SOURCE, TYPE, SUBJECT, TIME, RECORDED_TIME, DATA] = [0, 1, 2, 3, 4, 5, 6, 7] as const
const NAMES = ['specversion', 'id', 'source', 'type', 'subject', 'time', 'recordedtime', 'data'] as const

const [AMOUNT, CURRENCY, ORDER_ID, CHANNEL, CAMPAIGN_ID, TICKET_ID, PRIORITY] = [8, 9, 10, 11, 12, 13, 14] as const
const [COMPLAINT, OPENED_AT, FEATURE, UNITS] = [15, 16, 17, 18] as const
const DATA_NAMES = [
  ...['amount', 'currency', 'orderId', 'channel', 'campaignId', 'ticketId', 'priority'],
  ...['complaint', 'openedAt', 'feature', 'units'],
]

/** The data of an event where it is good without doubt. */
type ReadData<T extends EventType> = (scan: Scan) => CloudEvents[T]['data'] | undefined

/** Ends a reading where there is any doubt. */
const IN_DOUBT = undefined
const NO_DATA = {}

function hasText(scan: Scan, member: number, most: number): boolean {
  if (scan.kind(member) !== TEXT) return false
  const length = scan.length(member)
  return length > 0 && length <= most
}

function mayHaveText(scan: Scan, member: number): boolean {
  return scan.kind(member) === ABSENT || hasText(scan, member, MAX_TEXT_CHARACTERS)
}

function mayHaveUnits(scan: Scan): boolean {
  if (scan.kind(UNITS) === ABSENT) return true
  if (scan.kind(UNITS) !== NUMBER) return false
  const units = Number(scan.text(UNITS))
  return units >= 0 && units <= Number.MAX_SAFE_INTEGER
}

/** The text of a member that says the same from event to event, made once for as long as it does. */
class SteadyText {
  private last = ''

  constructor(private readonly member: number) {}

  of(scan: Scan): string {
    if (!scan.is(this.member, this.last)) this.last = scan.text(this.member)
    return this.last
  }
}

function readsMoney(): (scan: Scan) => { amount: string; currency: string } | undefined {
  const currencies = new SteadyText(CURRENCY)
  return function readMoney(scan) {
    if (scan.kind(AMOUNT) !== TEXT || scan.kind(CURRENCY) !== TEXT || !mayHaveText(scan, ORDER_ID)) return IN_DOUBT
    const amount = scan.text(AMOUNT)
    // A text that is no currency has no rate, which is asked for behind this.
    return isAmount(amount) ? { amount, currency: currencies.of(scan) } : IN_DOUBT
  }
}

function readsPurchase(): ReadData<'purchase.completed'> {
  const readMoney = readsMoney()
  return (scan) => {
    const isGood = mayHaveUnits(scan) && mayHaveText(scan, CHANNEL) && mayHaveText(scan, CAMPAIGN_ID)
    return isGood ? readMoney(scan) : IN_DOUBT
  }
}

function hasTicket(scan: Scan): boolean {
  return hasText(scan, TICKET_ID, MAX_TEXT_CHARACTERS)
}

/** What is read of a ticket beside its id: nothing. */
const TICKET = { ticketId: 'not read' }

const readTicket = (scan: Scan) => (hasTicket(scan) ? TICKET : IN_DOUBT)

const readTicketOpened: ReadData<'support.ticket_opened'> = (scan) => {
  const complaint = scan.kind(COMPLAINT)
  if (complaint !== ABSENT && complaint !== TRUE && complaint !== FALSE) return IN_DOUBT
  if (!hasTicket(scan) || !mayHaveText(scan, CHANNEL) || !mayHaveText(scan, PRIORITY)) return IN_DOUBT
  return complaint === TRUE ? COMPLAINT_TICKET : TICKET
}
const COMPLAINT_TICKET = { ...TICKET, complaint: true }

const readTicketResolved: ReadData<'support.ticket_resolved'> = (scan) => {
  if (!hasTicket(scan)) return IN_DOUBT
  if (scan.kind(OPENED_AT) === ABSENT) return TICKET
  if (scan.kind(OPENED_AT) !== TEXT) return IN_DOUBT
  const openedAt = scan.text(OPENED_AT)
  return isTime(openedAt) ? { ...TICKET, openedAt } : IN_DOUBT
}

const readNothing = (scan: Scan) => (scan.kind(DATA) === ABSENT || scan.kind(DATA) === OBJECT ? NO_DATA : IN_DOUBT)

const FEATURE_USED = { feature: 'not read' }
const readFeature = (scan: Scan) => (hasText(scan, FEATURE, MAX_TEXT_CHARACTERS) ? FEATURE_USED : IN_DOUBT)

interface Head {
  id: string
  source: string
  subject: string
  time: string
  recordedtime: string | undefined
}

interface Reader {
  readonly role: Role
  read(head: Head, scan: Scan, bounds: Bounds): CustomerEvent | undefined
}

function readerOf<T extends EventType>(type: T, readData: ReadData<T>): [string, Reader] {
  const normalise = NORMALISE[type]
  const envelope: Envelope<T> = { type, customerId: '', time: 0.5, knownAt: 0.5, idHash: 0.5 }
  function read(head: Head, scan: Scan, bounds: Bounds) {
    const data = readData(scan)
    if (data === undefined || normaliseEnvelope(head, bounds, envelope) !== undefined) return IN_DOUBT
    if (Number.isNaN(envelope.knownAt)) return IN_DOUBT
    const event = normalise(data, envelope, bounds)
    return typeof event === 'string' ? IN_DOUBT : event
  }
  return [type, { role: ROLE_OF_TYPE[type], read }]
}

/** Reads the event in a record's bytes where it is a common one and good without doubt. */
export function createScannedReader(): (role: Role, value: Buffer, bounds: Bounds) => CustomerEvent | undefined {
  const readers = new Map([
    readerOf('purchase.completed', readsPurchase()),
    readerOf('purchase.refunded', readsMoney()),
    readerOf('purchase.cancelled', readsMoney()),
    readerOf('support.ticket_opened', readTicketOpened),
    readerOf('support.ticket_resolved', readTicketResolved),
    readerOf('support.ticket_reopened', readTicket),
    readerOf('support.ticket_escalated', readTicket),
    readerOf('engagement.visited', readNothing),
    readerOf('engagement.logged_in', readNothing),
    readerOf('engagement.email_opened', readNothing),
    readerOf('engagement.email_clicked', readNothing),
    readerOf('engagement.feature_used', readFeature),
  ])
  const scan = new Scan(NAMES, DATA, DATA_NAMES)
  const types = new SteadyText(TYPE)
  const sources = new SteadyText(SOURCE)
  const head: Head = { id: '', source: '', subject: '', time: '', recordedtime: undefined }

  return function readScanned(role, value, bounds) {
    if (!scan.scan(value) || scan.kind(TYPE) !== TEXT) return IN_DOUBT
    const reader = readers.get(types.of(scan))
    const isGood =
      reader !== undefined &&
      reader.role === role &&
      scan.kind(SPECVERSION) === TEXT &&
      scan.is(SPECVERSION, '1.0') &&
      hasText(scan, ID, MAX_ID_CHARACTERS) &&
      hasText(scan, SOURCE, MAX_SOURCE_CHARACTERS) &&
      hasText(scan, SUBJECT, MAX_SUBJECT_BYTES) &&
      scan.kind(TIME) === TEXT
    if (!isGood || (scan.kind(RECORDED_TIME) !== ABSENT && scan.kind(RECORDED_TIME) !== TEXT)) return IN_DOUBT
    head.id = scan.text(ID)
    head.source = sources.of(scan)
    head.subject = scan.text(SUBJECT)
    head.time = scan.text(TIME)
    head.recordedtime = scan.kind(RECORDED_TIME) === ABSENT ? undefined : scan.text(RECORDED_TIME)
    return reader.read(head, scan, bounds)
  }
}
