import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { dataFolder } from '@holdfast/local'
import { z } from 'zod'
import type { Env } from '../config.ts'
import { type Installation, withInstallation } from '../installation.ts'
import { reportText } from '../report/print.ts'
import { readReport } from '../report/read-report.ts'
import { collectFigures } from '../status/collect.ts'
import { jobsWaiting } from '../status/print.ts'
import type { ClockKeeper } from './clock-keeper.ts'
import type { RunPlan } from './run-plan.ts'
import type { StartOfReplay } from './start-of-replay.ts'
import { untilCaughtUp } from './until-caught-up.ts'

export interface FollowReplayOptions extends StartOfReplay {
  readonly plan: RunPlan
  readonly env: Env
  readonly clock: ClockKeeper
  readonly urls: ReadonlyMap<string, string>
  readonly signal: AbortSignal
}

const ASK_EVERY_MS = 100
const JOBS_STILL_MS = 5_000
const answerSchema = z.object({ detail: z.object({ ended: z.boolean() }) })

/**
 * Waits for the end of the log, stops the clock there, lets the pipeline come to rest, and tells what happened.
 * @returns the report as text; as JSON it is in `report.json` of the run's folder
 */
export async function followReplay({ plan, env, clock, urls, endsAt, signal }: FollowReplayOptions): Promise<string> {
  const url = `${urls.get('replay')}/readyz`
  await clock.stopAt(endsAt)
  while (!(await hasEnded(url))) {
    signal.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS))
  }
  await untilCaughtUp(env, () => {}, signal)
  await withInstallation((on) => untilJobsSettle(on, signal), { env })
  const report = await withInstallation(readReport, { env })
  const file = join(dataFolder(plan.mode), 'report.json')
  await mkdir(dataFolder(plan.mode), { recursive: true })
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`)
  return `the log has ended, and the clock stands\n\n${reportText(report)}\n\nas JSON: ${file}`
}

/** Waits until every job is done or failed, or none moves any more: those that wait for another day would wait for ever. */
async function untilJobsSettle(on: Installation, signal: AbortSignal): Promise<void> {
  let [seen, movedAt] = ['', performance.now()]
  while (performance.now() - movedAt < JOBS_STILL_MS) {
    signal.throwIfAborted()
    const { jobs, lag } = await collectFigures(on)
    const open = Object.values(jobs).reduce((sum, counts) => sum + jobsWaiting(counts) + (counts.active ?? 0), 0)
    const unread = Object.values(lag).reduce((sum, n) => sum + n, 0)
    if (open + unread === 0) return
    const now = JSON.stringify(jobs)
    if (now !== seen) [seen, movedAt] = [now, performance.now()]
    await new Promise((resolve) => setTimeout(resolve, 5 * ASK_EVERY_MS))
  }
}

async function hasEnded(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) })
    return answerSchema.parse(await response.json()).detail.ended
  } catch {
    return false
  }
}
