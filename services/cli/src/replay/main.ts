import {
  as,
  connectProducer,
  connectRedis,
  createKafka,
  createLogger,
  createMetrics,
  openClock,
  readConfig,
  runService,
  startProbeServer,
} from '@holdfast/platform'
import { SETTINGS, topicsOf } from '../config.ts'
import { messagesByTopic } from '../events/outgoing.ts'
import { waitUntil } from '../feed/wait-until.ts'
import { feedLog, type LogProgress } from './feed-log.ts'
import { readReplayLog } from './read-events.ts'
import { readReplay, requireSameLog, writeReplay } from './replay-record.ts'

/** The process that sends a real log on its own days; `up --replay` starts it. */
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
    REPLAY_FILE: { parse: as.required(), default: '', unit: 'path', says: 'The CSV file that is replayed.' },
    REPLAY_MAP: { parse: as.required(), default: '', unit: 'path', says: 'The map that makes events of its rows.' },
    REPLAY_RECORD: { parse: as.required(), default: '', unit: 'path', says: 'Remembers how far it has come.' },
  },
  process.env,
)
const log = createLogger({ service: 'replay', level: config.LOG_LEVEL })

await runService(
  async ({ lifecycle, fail }) => {
    const topics = topicsOf(config)
    const kafka = createKafka(config, log)
    const admin = kafka.admin()
    await admin.connect()
    lifecycle.onStop('admin', () => admin.disconnect())
    const producer = await lifecycle.start('producer', () => connectProducer(kafka))
    const redis = await lifecycle.start('redis', () => connectRedis(config.REDIS_URL, { log, name: 'holdfast-replay' }))
    const clock = await lifecycle.start('clock', () => openClock(redis.client, config.KEY_PREFIX))

    const { events } = await readReplayLog(config.REPLAY_FILE, config.REPLAY_MAP, process.env)
    const { clusterId } = await admin.describeCluster()
    const place = { clusterId, topic: topics.purchases }
    const whole = { file: config.REPLAY_FILE, map: config.REPLAY_MAP, events: events.length, ...place }
    const found = readReplay(config.REPLAY_RECORD, place)
    if (found !== undefined) requireSameLog(found, whole)
    log.info({ ...whole, sent: found?.sent ?? 0 }, found === undefined ? 'a new replay' : 'the replay goes on')

    let progress: LogProgress = { sent: found?.sent ?? 0, total: events.length, ended: false }
    await lifecycle.start('probes', () =>
      startProbeServer({
        port: config.PROBE_PORT,
        health: () => ({ ok: true, detail: progress }),
        ready: () => ({ ok: true, detail: progress }),
        metrics: createMetrics({}, { service: 'replay' }),
      }),
    )
    const feeding = feedLog({
      events,
      sentBefore: progress.sent,
      signal: lifecycle.signal,
      now: clock.now,
      waitUntil: (at, signal) => waitUntil(clock, at, signal),
      send: (due) => producer.sendBatch(messagesByTopic(due, topics)),
      onProgress(next) {
        if (next.ended && !progress.ended) log.info(next, 'the log has ended')
        progress = next
        writeReplay(config.REPLAY_RECORD, { ...whole, sent: next.sent })
      },
    })
    feeding.catch(fail)
    lifecycle.onStop('feed', () => feeding.catch(() => {}))
  },
  { log },
)
