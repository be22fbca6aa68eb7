import { openBackend } from '@holdfast/champion'
import {
  asError,
  connectAdmin,
  createKafka,
  createLogger,
  explainError,
  HoldfastError,
  readConfig,
} from '@holdfast/platform'
import { SETTINGS } from '../config.ts'
import { TrainerError } from '../errors.ts'
import type { Answer, Failed, Message, Order } from './child-messages.ts'
import { obeyTraining } from './obey-training.ts'
import { obeyWatch } from './obey-watch.ts'

/**
 * The process that does the arithmetic: started by the service for one job, so that minutes of it hold up no lock and no probe,
 * and that its memory goes back when it ends. It gets its order as the first message and ends with its answer.
 */

const parent = process.ppid
// Nobody is left who would record what comes of it. While it computes it cannot hear that, so it also looks at every step.
process.on('disconnect', () => process.exit(1))
process.once('message', (order: Order) => void work(order))

async function work(order: Order): Promise<void> {
  try {
    await tell(await obey(order))
  } catch (thrown) {
    await tell(failed(asError(thrown)))
  }
  process.exit(0)
}

async function obey(order: Order): Promise<Answer> {
  const config = readConfig(SETTINGS, process.env)
  const log = createLogger({ service: 'trainer', level: 'silent' })
  const kafka = createKafka({ ...config, KAFKA_CLIENT_ID: `${config.KAFKA_CLIENT_ID}-trainer` }, log)
  const { admin } = await connectAdmin(kafka)
  const tools = { config, log, kafka, admin, backend: await openBackend(log) }
  if (order.kind === 'watch') return obeyWatch(tools)
  return obeyTraining(order, tools, (says) => {
    if (process.ppid !== parent) process.exit(1)
    void tell({ kind: 'step', says })
  })
}

function failed(error: Error): Failed {
  if (error instanceof TrainerError) {
    // Somebody else wrote a version of that name meanwhile; the next attempt takes the next one.
    const mayPass = error.code === 'version_taken'
    return { kind: 'failed', code: error.code, says: error.message, mayPass }
  }
  if (error instanceof HoldfastError)
    return { kind: 'failed', code: error.code, says: explainError(error), mayPass: error.canRetry }
  return { kind: 'failed', code: 'unexpected', says: explainError(error), mayPass: true }
}

/** Resolves when it is on its way. */
function tell(message: Message): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) resolve()
    else process.send(message, () => resolve())
  })
}
