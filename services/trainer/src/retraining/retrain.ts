import {
  asError,
  type ClockMap,
  explainError,
  HoldfastError,
  type JobVerdict,
  type Logger,
  type ModelStore,
  type QueueJob,
  type ReadPointers,
  type StoredModel,
} from '@holdfast/platform'
import { z } from 'zod'
import type { Answer, Failed } from './child-messages.ts'
import type { RetrainingJob } from './job.ts'
import type { CandidateFigures, Outcome, OutcomeKind, Proposal } from './outcome.ts'
import { promoteRetrained } from './promote.ts'
import type { RetrainingStore } from './record.ts'
import type { runChild } from './run-child.ts'

export interface RetrainOptions {
  readonly models: ModelStore
  readonly record: RetrainingStore
  /** The installation's clock; undefined where it goes by the system clock. */
  readonly clockMap: () => Promise<ClockMap | undefined>
  readonly run: typeof runChild
  readonly autoPromote: boolean
  /** Starts of a job, also those that a crash ended. */
  readonly attempts: number
  /** After an attempt that failed for what may pass, ms; it doubles. */
  readonly pauseMs: number
  readonly log: Logger
  /** Aborted when the service stops: the job goes back to the queue. */
  readonly signal: AbortSignal
  readonly onEnded: (outcome: Outcome) => void
}

type RetrainData = Extract<RetrainingJob, { kind: 'retrain' }>

/** What a job remembers of its earlier attempts. */
const progressSchema = z.object({ starts: z.number(), madeAt: z.number() })

/** Codes of a log that time alone will make good. */
const TOO_LITTLE: ReadonlySet<string> = new Set([
  ...['too_little_data', 'one_class', 'too_few_positives', 'no_variation', 'window_past_end'],
  ...['LOG_EMPTY', 'CUTOFF_OUTSIDE_LOG', 'NOBODY_IN_POPULATION'],
])

/** Retrains, has the gate judge, records what came of it, and proposes or promotes. */
export function createRetrainStep(options: RetrainOptions) {
  const { models, record, clockMap, run, autoPromote, attempts, pauseMs, log, signal, onEnded } = options

  return async function retrainStep(job: QueueJob, data: RetrainData): Promise<JobVerdict> {
    const { starts, madeAt } = progressSchema.parse(job.progress ?? { starts: 0, madeAt: Date.now() })
    const end = (kind: OutcomeKind, says: string, more: { figures?: CandidateFigures; proposal?: Proposal } = {}) =>
      conclude(job.id, data, madeAt, { kind, says, ...more })
    if (starts >= attempts) {
      const says = `it was started ${starts} times and each time the trainer ended before it: is there too little memory (RETRAIN_MOST_ROWS)?`
      await end('failed', says)
      return { kind: 'failed', reason: says }
    }
    await job.saveProgress({ starts: starts + 1, madeAt })
    log.info({ job: job.id, why: data.why, because: data.because, attempt: starts + 1 }, 'retraining begins')

    const { pointers, champion, problem } = await readChampion()
    let answer: Answer
    try {
      answer = await run({ kind: 'train', champion, clockMap: await clockMap(), madeAt }, log, signal)
    } catch (thrown) {
      if (!signal.aborted) throw thrown
      await job.saveProgress({ starts, madeAt })
      log.info({ job: job.id }, 'retraining is broken off: whoever runs next begins it anew')
      return { kind: 'later', inMs: 1_000 }
    }
    if (answer.kind === 'failed') return failed(answer, starts + 1)
    if (answer.kind !== 'trained') throw new Error(`an order to train was answered with "${answer.kind}"`)

    const { candidate } = answer
    const { figures } = candidate
    const uncompared = problem ?? answer.championUnusable
    if (!figures.gate.passed) {
      await end(
        'refused',
        `${figures.version} did not pass: ${failedOf(figures).join(', ')}; why: npx holdfast models show ${figures.version}`,
        { figures },
      )
      return { kind: 'done' }
    }
    const proposal: Proposal = {
      ...{ version: figures.version, digest: figures.digest, packed: candidate.packed },
      ...(candidate.training !== undefined && { training: candidate.training }),
      at: new Date().toISOString(),
    }
    const passed = `${figures.version} passed the gate, held against ${figures.gate.champion ?? 'nothing'}`
    if (autoPromote) {
      const refusal =
        uncompared === undefined
          ? await promoteRetrained(models, pointers, proposal)
          : `the champion cannot be used, so it was held against nothing (${uncompared})`
      if (refusal === undefined) {
        await end('promoted', `${passed}, and is the champion now`, { figures })
        return { kind: 'done' }
      }
      await end('proposed', `${passed}, but is not promoted by itself: ${refusal}; ${howTo(figures)}`, {
        figures,
        proposal,
      })
      return { kind: 'done' }
    }
    await end('proposed', `${passed}; ${howTo(figures)}`, { figures, proposal })
    return { kind: 'done' }

    async function failed({ code, says, mayPass }: Failed, started: number): Promise<JobVerdict> {
      if (TOO_LITTLE.has(code)) {
        await end('too_little_history', says)
        return { kind: 'done' }
      }
      if (mayPass && started < attempts) {
        const inMs = pauseMs * 2 ** (started - 1)
        log.warn({ job: job.id, attempt: started, inMs, why: says }, 'retraining failed; it is tried again')
        return { kind: 'later', inMs }
      }
      await end('failed', says)
      return { kind: 'failed', reason: says }
    }
  }

  async function readChampion(): Promise<{
    pointers: ReadPointers
    champion: StoredModel | undefined
    problem?: string
  }> {
    const pointers = await models.pointers()
    const [pointer] = pointers.champions
    if (pointer === undefined) return { pointers, champion: undefined }
    try {
      return { pointers, champion: await models.read(pointer) }
    } catch (thrown) {
      if (!(thrown instanceof HoldfastError)) throw thrown
      log.error(
        { model: pointer.version, why: explainError(thrown) },
        'the champion cannot be read: nothing to be held against',
      )
      return { pointers, champion: undefined, problem: asError(thrown).message }
    }
  }

  async function conclude(
    job: string,
    { why, because }: RetrainData,
    madeAt: number,
    {
      kind,
      says,
      figures,
      proposal,
    }: { kind: OutcomeKind; says: string; figures?: CandidateFigures; proposal?: Proposal },
  ): Promise<void> {
    const outcome: Outcome = {
      ...{ job, why, kind, says },
      ...(because !== undefined && { because }),
      startedAt: new Date(madeAt).toISOString(),
      endedAt: new Date().toISOString(),
      ...(figures && { candidate: figures }),
    }
    if (!(await record.add(outcome, proposal))) {
      log.warn({ job }, 'another trainer has ended this retraining already')
      return
    }
    log[kind === 'failed' ? 'error' : kind === 'proposed' || kind === 'promoted' ? 'info' : 'warn'](
      { job, why, outcome: kind, version: figures?.version, metrics: figures?.metrics, checks: figures?.gate.checks },
      `retraining: ${kind.replaceAll('_', ' ')}: ${says}`,
    )
    onEnded(outcome)
  }
}

/** What to type. */
function howTo({ version }: CandidateFigures): string {
  return `to use it: npx holdfast models promote ${version}`
}

function failedOf({ gate }: CandidateFigures): readonly string[] {
  return gate.checks.filter(({ passed }) => !passed).map(({ name }) => name)
}
