import { HoldfastError } from '@holdfast/platform'
import { askToRetrain, type Outcome, type OutcomeKind, openRetrainingQueue, retrainingStore } from '@holdfast/trainer'
import { withRegistry } from './registry.ts'

const LOOK_EVERY_MS = 250

export interface Retrained {
  readonly job: string
  /** Where it was waited for. */
  readonly outcome?: Outcome
  /** What to end with, where no version passed. */
  readonly failure?: HoldfastError
}

/** Asks for a retraining, and waits for what comes of it if told to. @throws HoldfastError RETRAINING_LOST */
export async function retrain(waits: boolean, say: (line: string) => void): Promise<Retrained> {
  return withRegistry(async ({ on }) => {
    const client = await on.redis()
    const prefix = on.config.KEY_PREFIX
    const queue = openRetrainingQueue({ client, prefix, log: on.log })
    try {
      const job = await askToRetrain(queue)
      if ((await queue.bull.getWorkersCount()) === 0)
        say('no trainer is running: it begins when one does ("npx holdfast up")')
      if (!waits) return { job }
      say(`retraining ${job}`)
      const record = retrainingStore(client, prefix)
      for (;;) {
        // In this order: what came of it is written before the job ends.
        const state = await queue.bull.getJobState(job)
        const outcome = (await record.read()).outcomes.find((each) => each.job === job)
        if (outcome !== undefined) return { job, outcome, ...failureOf(outcome) }
        if (state === 'failed' || state === 'unknown') throw lost(job, (await queue.bull.getJob(job))?.failedReason)
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
      }
    } finally {
      await queue.stop()
    }
  })
}

const CODES: Readonly<Partial<Record<OutcomeKind, string>>> = {
  refused: 'RETRAINING_REFUSED',
  too_little_history: 'TOO_LITTLE_HISTORY',
  failed: 'RETRAINING_FAILED',
}

function failureOf({ kind, says }: Outcome): { failure?: HoldfastError } {
  const code = CODES[kind]
  return code === undefined ? {} : { failure: new HoldfastError({ code, message: says }) }
}

function lost(job: string, reason: string | undefined): HoldfastError {
  return new HoldfastError({
    code: 'RETRAINING_LOST',
    message: `the job ${job} ended without an outcome${reason === undefined ? '' : `: ${reason}`}`,
    cure: 'the log of the trainer tells why ("npx holdfast status" shows whether it runs); ask again.',
  })
}
