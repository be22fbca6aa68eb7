import {
  connectAdmin,
  connectProducer,
  connectRedis,
  createKafka,
  createLifecycle,
  createLogger,
  createMetrics,
  createQueue,
  createShardConsumer,
  KAFKA_SETTINGS,
  REDIS_SETTINGS,
  readConfig,
  registerCodecs,
  startProbeServer,
} from '@holdfast/platform'

/** Opens one of everything, uses it, stops it, and ends only if nothing was left open. Its argument is a topic. */
const [topic = ''] = process.argv.slice(2)
const config = readConfig({ ...KAFKA_SETTINGS, ...REDIS_SETTINGS }, process.env)
const log = createLogger({ service: 'everything', level: 'silent' })
const lifecycle = createLifecycle()
registerCodecs()

const kafka = createKafka(config, log)
const { client } = await lifecycle.start('redis', () => connectRedis(config.REDIS_URL, { log, name: 'everything' }))
const queue = await lifecycle.start('queue', () => createQueue({ client, name: topic, prefix: '{hf-test}', log }))
await lifecycle.start('admin', () => connectAdmin(kafka))
const producer = await lifecycle.start('producer', () => connectProducer(kafka))
const metrics = createMetrics({}, { service: 'everything' })
const fine = () => ({ ok: true, detail: undefined })
const probes = await lifecycle.start('probes', () => startProbeServer({ port: 0, health: fine, ready: fine, metrics }))

await new Promise<void>((resolve, reject) => {
  const consumer = createShardConsumer({
    kafka,
    log,
    groupId: topic,
    topics: [topic],
    onBatch: async () => resolve(),
    onAssigned: async () => [],
    onRevoked: async () => {},
    onFatal: reject,
  })
  lifecycle.onStop('consumer', consumer.stop)
  consumer
    .start()
    .then(() => producer.sendBatch([{ topic, messages: [{ key: 'k', value: 'v' }] }]))
    .catch(reject)
})
await queue.add([{ id: 'job-1', data: {} }])
await fetch(`${probes.url}/metrics`)
await queue.bull.obliterate({ force: true })

const failures = await lifecycle.stop()
process.stdout.write(failures.length === 0 ? 'all stopped\n' : `${JSON.stringify(failures)}\n`)
