import { dataFolder } from '@holdfast/local'
import {
  as,
  connectProducer,
  connectRedis,
  createKafka,
  createLogger,
  createMetrics,
  logBounds,
  openClock,
  readConfig,
  runService,
  startProbeServer,
} from '@holdfast/platform'
import { inputTopics, SETTINGS, topicsOf } from '../config.ts'
import { messagesByTopic } from '../events/outgoing.ts'
import { type FeedProgress, feedShop } from './feed-shop.ts'
import { newShop, readShop, writeShop } from './shop-record.ts'
import { waitUntil } from './wait-until.ts'

/** The process that feeds the generated shop; `up` starts it. It shares with the pipeline the topics and the clock, and nothing else. */
const config = readConfig(
  {
    ...SETTINGS,
    LOG_LEVEL: { ...SETTINGS.LOG_LEVEL, default: 'info' },
    PROBE_PORT: {
      parse: as.number({ min: 0, max: 65_535 }),
      default: '0',
      unit: 'port',
      says: 'Port of /healthz and /readyz; 0 for a free one.',
    },
    SHOP_CUSTOMERS: {
      parse: as.number({ min: 1, max: 10_000_000 }),
      default: '10000',
      unit: 'customers',
      says: 'How many have signed up by now, when a new shop is opened.',
    },
    SHOP_FILE: {
      parse: as.required(),
      default: `${dataFolder('live')}/shop.json`,
      unit: 'path',
      says: 'Remembers the shop and how far it has come.',
    },
  },
  process.env,
)
const log = createLogger({ service: 'shop', level: config.LOG_LEVEL })

await runService(
  async ({ lifecycle, fail }) => {
    const topics = topicsOf(config)
    const kafka = createKafka(config, log)
    const admin = kafka.admin()
    await admin.connect()
    lifecycle.onStop('admin', () => admin.disconnect())
    const producer = await lifecycle.start('producer', () => connectProducer(kafka))

    const redis = await lifecycle.start('redis', () => connectRedis(config.REDIS_URL, { log, name: 'holdfast-shop' }))
    const clock = await lifecycle.start('clock', () => openClock(redis.client, config.KEY_PREFIX))

    const { clusterId } = await admin.describeCluster()
    const place = { clusterId, topic: topics.purchases }
    const bounds = await logBounds(admin, inputTopics(topics))
    const isEmpty = bounds.every(({ high }) => high === 0)
    // Topics that were deleted and made anew want the whole history once more.
    const found = isEmpty ? undefined : readShop(config.SHOP_FILE, place)
    const record = found ?? newShop(place, config.SHOP_CUSTOMERS, clock.now())
    log.info({ ...record, isNew: found === undefined }, found === undefined ? 'opening a new shop' : 'the shop goes on')

    let progress: FeedProgress = { sent: 0, producedUntil: record.producedUntil, share: 0, live: false }
    await lifecycle.start('probes', () =>
      startProbeServer({
        port: config.PROBE_PORT,
        health: () => ({ ok: true, detail: progress }),
        ready: () => ({ ok: progress.live, detail: { ...progress, customers: record.customers } }),
        metrics: createMetrics({}, { service: 'shop' }),
      }),
    )
    const feeding = feedShop({
      record,
      signal: lifecycle.signal,
      now: clock.now,
      waitUntil: (at, signal) => waitUntil(clock, at, signal),
      save: (next) => writeShop(config.SHOP_FILE, next),
      onProgress(next) {
        if (next.live && !progress.live) log.info({ sent: next.sent }, 'history is told; the shop goes with the clock')
        progress = next
      },
      send: (events) =>
        producer.sendBatch(
          messagesByTopic(
            events.map(({ role, event }) => ({
              role,
              type: event.type,
              customerId: event.subject,
              value: Buffer.from(JSON.stringify(event)),
            })),
            topics,
          ),
        ),
    })
    feeding.catch(fail)
    // The batch under way is still acknowledged and remembered.
    lifecycle.onStop('feed', () => feeding.catch(() => {}))
  },
  { log },
)
