import { type OpenModel, openStored } from '@holdfast/champion'
import { createDecoder } from '@holdfast/contracts'
import { asError, domainAt, topicsOf, withKafkaTrouble } from '@holdfast/platform'
import { openSource, topicRecords } from '../source/index.ts'
import { makeCandidate } from './candidate.ts'
import type { Trained, TrainingOrder } from './child-messages.ts'
import type { Tools } from './tools.ts'

/** Trains on the topics. @throws as `makeCandidate`, and what Kafka throws */
export async function obeyTraining(
  { champion: stored, clockMap, madeAt }: TrainingOrder,
  { config, kafka, admin, backend }: Tools,
  progress: (says: string) => void,
): Promise<Trained> {
  const topics = topicsOf(config)
  const champion = await openUsable(backend, stored)
  const domainTime = (wallMs: number) => (clockMap === undefined ? wallMs : domainAt(clockMap, wallMs))
  const source = openSource({
    kind: 'records',
    name: 'the topics',
    decode: createDecoder({ base: config.BASE_CURRENCY, rates: config.CURRENCY_RATES, topics }),
    async *records() {
      for await (const record of topicRecords({ kafka, admin, topics })) {
        yield { ...record, recordTimeMs: domainTime(record.recordTimeMs) }
      }
    },
  })
  const candidate = await withKafkaTrouble(() =>
    makeCandidate({
      ...{ backend, source, madeAt, progress, champion: champion.model },
      modelsDir: config.MODELS_DIR,
      currency: config.BASE_CURRENCY,
      mostRows: config.RETRAIN_MOST_ROWS,
      now: domainTime(Date.now()),
    }),
  )
  return { kind: 'trained', candidate, ...(champion.problem !== undefined && { championUnusable: champion.problem }) }
}

/** One that cannot be used here any more, after a change of the feature table say, is nothing to be held against. */
async function openUsable(
  backend: Tools['backend'],
  stored: TrainingOrder['champion'],
): Promise<{ model: OpenModel | undefined; problem?: string }> {
  if (stored === undefined) return { model: undefined }
  try {
    return { model: await openStored(backend, stored) }
  } catch (thrown) {
    return { model: undefined, problem: asError(thrown).message }
  }
}
