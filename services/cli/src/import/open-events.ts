import type { Decode } from '@holdfast/contracts'
import type { EventSource } from '@holdfast/trainer'
import { usageError } from '../errors.ts'
import { type Installation, withInstallation } from '../installation.ts'
import { progressBar } from '../output/progress-bar.ts'
import { note, plural } from '../output/text.ts'

/** Stands for the topics where files could be named. */
export const TOPICS = 'kafka'

/** Whether `--events` names the topics; they are never mixed with files. */
export function isFromTopics(sources: readonly string[]): boolean {
  if (!sources.includes(TOPICS)) return false
  if (sources.length === 1) return true
  throw usageError(`--events ${TOPICS} and files exclude each other`)
}

/** Runs `work` on Kafka alone: whoever names the brokers needs no Redis. */
export function withKafka<T>(work: (on: Installation) => Promise<T>): Promise<T> {
  // Connections are made when first asked for, and nobody asks for this one.
  const env = process.env.KAFKA_BROKERS ? { REDIS_URL: 'redis://127.0.0.1:6379', ...process.env } : process.env
  return withInstallation(work, { env })
}

/** How a command reads events: in the installation's currency, or else in that of the files, and a bar on the way. */
export interface OpenedEvents {
  readonly source: EventSource
  readonly decode: Decode
  readonly currency: string
}

/**
 * Opens what `--events` names, files or the topics, and says afterwards what of it was no event.
 * @throws HoldfastError for files and topics that cannot be read
 */
export async function withEvents<T>(
  sources: readonly string[],
  work: (events: OpenedEvents) => Promise<T>,
): Promise<T> {
  const { createDecoder } = await import('@holdfast/contracts')
  const { openSource } = await import('@holdfast/trainer')
  const { countingIn, readSettings } = await import('../config.ts')
  const bar = progressBar('events')
  const told = async ({ source, ...rest }: OpenedEvents): Promise<T> => {
    const result = await work({ source, ...rest }).finally(() => bar.end())
    tellLeftOut(source)
    return result
  }
  if (isFromTopics(sources)) {
    return withKafka(async (on) => {
      const { BASE_CURRENCY: base, CURRENCY_RATES: rates } = on.config
      const decode = createDecoder({ base, rates, topics: on.topics })
      const onProgress = (read: number, total: number) => bar.update(read / Math.max(1, total), read)
      const log = { kafka: on.kafka, admin: await on.admin(), topics: on.topics, onProgress }
      return told({ source: openSource({ kind: 'kafka', decode, ...log }), decode, currency: base })
    })
  }
  const { currencyOfFiles } = await import('./currency-of-files.ts')
  const env = countingIn(await currencyOfFiles(sources), process.env)
  const { BASE_CURRENCY: base, CURRENCY_RATES: rates } = readSettings(env)
  const decode = createDecoder({ base, rates })
  const source = openSource({ kind: 'files', files: sources, decode, now: Date.now(), onProgress: bar.update })
  return told({ source, decode, currency: base })
}

function tellLeftOut(source: EventSource): void {
  const { skipped, invalid, firstInvalid } = source.counts()
  if (invalid > 0) note(`${plural(invalid, 'record')} left out as no events, the first: ${firstInvalid}`)
  if (skipped > 0) note(`${plural(skipped, 'record')} of unknown type passed over`)
}
