import { type Daemon, logTail, startDaemon } from './daemon.ts'
import { type Say, sayOnStderr } from './progress.ts'
import { waitFor } from './wait.ts'

export interface SupervisedProcess {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  readonly logFile: string
  /** Answers 2xx once the process does its work. Without it, a process is ready when it runs. */
  readonly readyUrl?: string
  /** 60 s by default. */
  readonly readyWithinMs?: number
  /** Waits between restarts, the last one repeated. A process that ran for a minute starts from the first again. */
  readonly restartAfterMs?: readonly number[]
  /** Called at every start, the first included: the process id changes. */
  readonly onStart?: (pid: number) => void
  readonly say?: Say
}

export interface Supervisor {
  readonly name: string
  readonly logFile: string
  /** The process running now; `undefined` while it waits to be restarted, and after `stop`. */
  pid(): number | undefined
  restarts(): number
  /** No more restarts; SIGTERM, then SIGKILL after `withinMs` (20 s by default). */
  stop(withinMs?: number): Promise<void>
}

const defaultRestarts = [250, 1_000, 5_000, 15_000]
const ranWellMs = 60_000

/**
 * Starts a process, waits until it is ready, and from then on starts it again whenever it ends by itself.
 * Throws, with the end of its log, when it ends or stays silent before it was ever ready; nothing is left running then.
 */
export const superviseProcess = async (options: SupervisedProcess): Promise<Supervisor> => {
  const { name, logFile, say = sayOnStderr, restartAfterMs = defaultRestarts, readyWithinMs = 60_000 } = options
  const stopping = new AbortController()
  let current: Daemon | undefined
  let restarts = 0

  const start = async (): Promise<Daemon> => {
    const daemon = await startDaemon(options)
    current = daemon
    options.onStart?.(daemon.pid)
    return daemon
  }

  const keepRunning = async (first: Daemon): Promise<void> => {
    let daemon: Daemon | undefined = first
    let startedAt = performance.now()
    for (let inARow = 0; ; inARow++) {
      const why = daemon ? await daemon.ended : 'it could not be started'
      current = undefined
      if (stopping.signal.aborted) return
      if (performance.now() - startedAt > ranWellMs) inARow = 0
      const waitMs = restartAfterMs[Math.min(inARow, restartAfterMs.length - 1)] ?? 0
      say(`${name} ended (${why}); starting it again in ${waitMs} ms. Its log: ${logFile}`)
      await pauseUnlessAborted(waitMs, stopping.signal)
      if (stopping.signal.aborted) return
      restarts++
      startedAt = performance.now()
      daemon = await start().catch(() => undefined)
      if (stopping.signal.aborted) await daemon?.stop()
    }
  }

  const first = await start()
  const outcome = await untilReady(first, options.readyUrl, readyWithinMs)
  if (outcome !== 'ready') {
    await first.kill()
    throw new Error(`${name} did not become ready (${outcome}); the end of ${logFile}:\n${logTail(logFile)}`)
  }
  const running = keepRunning(first)
  return {
    name,
    logFile,
    pid: () => current?.pid,
    restarts: () => restarts,
    stop: async (withinMs = 20_000) => {
      stopping.abort()
      await current?.stop(withinMs)
      await running
    },
  }
}

const untilReady = async (daemon: Daemon, url: string | undefined, withinMs: number): Promise<string> => {
  const outcome = await waitFor(
    async () => {
      if (daemon.hasEnded()) return `ended with ${await daemon.ended}`
      return url === undefined || (await answersOk(url)) ? 'ready' : undefined
    },
    withinMs,
    100,
  )
  return outcome ?? `${url} did not answer 2xx within ${Math.round(withinMs / 1_000)} s`
}

const answersOk = (url: string): Promise<boolean> =>
  fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
    async (response) => {
      await response.body?.cancel()
      return response.ok
    },
    () => false,
  )

const pauseUnlessAborted = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })

/** Something that runs and how to stop it: gone, by force if need be, `withinMs` after the call. */
export interface Stoppable {
  readonly name: string
  stop(withinMs?: number): Promise<void>
}

/**
 * Stops everything, last started first, one after the other and whatever fails, within one deadline: each has an equal
 * share of what is left of it, so time that one does not need goes to the next. Throws at the end, naming all that failed.
 */
export const stopInReverse = async (started: readonly Stoppable[], withinMs = 30_000): Promise<void> => {
  const deadline = performance.now() + withinMs
  const failures: string[] = []
  for (const [index, item] of [...started].reverse().entries()) {
    const share = Math.max(0, deadline - performance.now()) / (started.length - index)
    await item.stop(share).catch((error: unknown) => void failures.push(`${item.name}: ${String(error)}`))
  }
  if (failures.length > 0) throw new Error(`could not stop ${failures.join('; ')}`)
}
