import type { Decode } from '@holdfast/contracts'
import { type GeneratedShop, generateShop } from '@holdfast/simulation'
import { type DecodedLog, decodeLog, type LogRecord } from './log.ts'
import { purchasesOf } from './purchases.ts'
import { DEFAULT_SETTINGS } from './settings.ts'
import { type StoreOptions as Store, type Stored, storeTrained } from './store-trained.ts'
import { type Truth, train } from './train.ts'

export interface StoreOptions extends Store {
  /** Reads records; its base currency is `currency`. */
  readonly decode: Decode
}

export interface ShopRequest extends StoreOptions {
  readonly shop: { readonly seed: number; readonly customers: number; readonly from: number; readonly until: number }
}

/** Learns from a generated shop's own log and sets the model's AUC beside what could at best be known of its customers. */
export async function trainOnGeneratedShop({ shop: options, ...store }: ShopRequest): Promise<Stored> {
  const shop = generateShop(options)
  store.progress?.(`generating a shop with ${options.customers} customers`)
  const log = await decodeLog(shopRecords(shop), store.decode)
  return trainAndStore(log, { start: options.from, end: options.until - 1 }, store, truthOf(shop))
}

export interface LogRequest extends StoreOptions {
  /** Records of all input topics, in any order. */
  readonly records: Iterable<LogRecord> | AsyncIterable<LogRecord>
  /** Until when the log is complete, ms; the newest event's `knownAt` unless given. */
  readonly completeUntil?: number
}

/** Learns from a real log: the five input topics, or an export of them. */
export async function trainOnLog({ records, completeUntil, ...store }: LogRequest): Promise<Stored> {
  store.progress?.('reading the log')
  const log = await decodeLog(records, store.decode)
  const end = completeUntil ?? log.events.at(-1)!.knownAt
  return trainAndStore(log, { start: log.events[0]!.knownAt, end }, store)
}

async function trainAndStore(
  log: DecodedLog,
  span: { readonly start: number; readonly end: number },
  store: StoreOptions,
  truth?: Truth,
): Promise<Stored> {
  const settings = { ...DEFAULT_SETTINGS, ...store.settings }
  const { backend, progress } = store
  const trained = await train({
    backend,
    events: log.events,
    logStart: span.start,
    logEnd: span.end,
    settings,
    ...(truth && { truth }),
    ...(progress && { progress }),
  })
  return storeTrained(trained, settings, store, {
    learnedFrom: log.learnedFrom,
    dataFrom: log.events[0]!.knownAt,
    dataTo: log.events.at(-1)!.knownAt,
    purchases: purchasesOf(log.events, trained.measured.snapshot.cutoff),
    summary: { events: log.events.length, skipped: log.skipped, invalid: log.invalid, backend: backend.name },
  })
}

/** The shop's events as they would lie in the topics. */
function* shopRecords(shop: GeneratedShop): Generator<LogRecord> {
  const utf8 = new TextEncoder()
  for (const { role, timeMs, event } of shop.events) {
    yield { role, value: utf8.encode(JSON.stringify(event)), recordTimeMs: timeMs }
  }
}

function truthOf(shop: GeneratedShop): Truth {
  return (customerId, at, horizonMs) => {
    const customer = shop.customer(customerId)
    const latent = customer?.probabilityOfNoPurchase(at, horizonMs)
    const posterior = customer?.posterior(at, horizonMs)
    return latent === undefined || posterior === undefined ? undefined : { latent, posterior }
  }
}
