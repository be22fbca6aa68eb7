import { type RunState, type Say, type Stoppable, stopInReverse } from '@holdfast/local'
import { asError, HoldfastError } from '@holdfast/platform'
import type { Env } from '../config.ts'
import { EXIT } from '../exit-codes.ts'
import { withInstallation } from '../installation.ts'
import { table, withoutPassword } from '../output/text.ts'
import { collectFigures } from '../status/collect.ts'
import { statusLine } from '../status/print.ts'
import { CLOCK_KEEPER, startPipeline } from './pipeline.ts'
import type { RunPlan } from './run-plan.ts'

export interface UpOptions {
  readonly plan: RunPlan
  readonly say: Say
  readonly onReady: (state: RunState) => void
  /** Told how it went when a replay has come to its end. */
  readonly onEnded: (text: string) => void
  /** Whether to stop then; else all of it stays to be looked at. */
  readonly stopsAtEnd: boolean
}

/** From the first signal to the end of the process; whoever sent it may lose patience after 15 s. */
const STOP_WITHIN_MS = 14_000
/** Of that, for a step of the start that is under way and cannot be broken off. */
const SETTLE_WITHIN_MS = 4_000
const STATUS_EVERY_MS = 10_000

/**
 * Runs the pipeline in this process until SIGINT, SIGTERM or SIGHUP, then stops it in reverse order. Ends the process by
 * itself when it cannot be started; a second signal does not wait.
 * @returns the exit code
 */
export async function runInForeground(options: UpOptions): Promise<number> {
  const { plan, say, onReady, onEnded, stopsAtEnd } = options
  const started: Stoppable[] = []
  const stop = new AbortController()
  const { signal } = stop
  const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
  const stopping = () => {
    say('stopping')
    stop.abort(new HoldfastError({ code: 'STOPPING', message: 'stopped before it was ready' }))
  }
  const onSignal = () => {
    if (signal.aborted) process.exit(EXIT.failed)
    stopping()
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal)

  let failure: unknown
  const ended = async (text: Promise<string>) => {
    try {
      onEnded(await text)
      if (stopsAtEnd && !signal.aborted) stopping()
    } catch (thrown) {
      if (signal.aborted) return
      failure = thrown
      stopping()
    }
  }
  const starting = startPipeline({ plan, say, signal, onStarted: (thing) => void started.push(thing) })
  const ready = starting.then(
    ({ state, ended: end, env }) => {
      if (signal.aborted) return false
      onReady(state)
      void ended(end)
      return env
    },
    (thrown: unknown) => {
      if (!signal.aborted) failure = thrown
      return false as const
    },
  )
  const env = await Promise.race([ready, aborted.then(() => false as const)])
  if (env !== false) await Promise.race([sayStatus(env, say, signal), aborted])

  const stopAt = performance.now() + STOP_WITHIN_MS
  if (env === false && failure === undefined) await breakOff(started, ready)
  await stopInReverse(started, stopAt - performance.now()).catch((error: unknown) => say(asError(error).message))
  if (failure !== undefined) throw failure
  return EXIT.ok
}

/** Ends a start that is under way: its processes, so that nobody waits for them any more, and its downloads. */
async function breakOff(started: Stoppable[], settled: Promise<unknown>): Promise<void> {
  const isService = ({ name }: Stoppable) => !['run state', 'redis', 'kafka', CLOCK_KEEPER].includes(name)
  await stopInReverse(started.filter(isService), SETTLE_WITHIN_MS).catch(() => {})
  const pause = new Promise<'late'>((resolve) => setTimeout(resolve, SETTLE_WITHIN_MS, 'late').unref())
  if ((await Promise.race([settled, pause])) !== 'late') return
  try {
    // apt and Maven are in our process group; so are we, and take no notice.
    process.removeAllListeners('SIGTERM').on('SIGTERM', () => {})
    process.kill(-process.pid, 'SIGTERM')
  } catch {
    // We lead no group: the terminal has told them already.
  }
  await Promise.race([settled, new Promise((resolve) => setTimeout(resolve, 1_000))])
}

/** One line every ten seconds, until aborted; an outage is told and waited out. */
async function sayStatus(env: Env, say: Say, signal: AbortSignal): Promise<void> {
  await withInstallation(
    async (on) => {
      while (!signal.aborted) {
        await new Promise((resolve) => setTimeout(resolve, STATUS_EVERY_MS))
        const line = await collectFigures(on).then(statusLine, (thrown: unknown) => asError(thrown).message)
        if (!signal.aborted) say(`${new Date().toISOString().slice(11, 19)}  ${line}`)
      }
    },
    { env },
  )
}

/** Where everything is, for the moment when it is ready. */
export function readyText({ mode, kafka, redis, services }: RunState, howToStop: string): string {
  const rows = [
    ['kafka', kafka.brokers.join(', '), kafka.process ? `pid ${kafka.process.pid}` : kafka.origin],
    ['redis', redis.urls.map(withoutPassword).join(', '), redis.process ? `pid ${redis.process.pid}` : redis.origin],
    ...services.map(({ name, url = '', process: { pid } }) => [name, url, `pid ${pid}`]),
  ]
  return `ready${mode === 'live' ? '' : ` (${mode})`}\n${table(rows, '  ')}\n  see: npx holdfast top · npx holdfast status · stop: ${howToStop}`
}
