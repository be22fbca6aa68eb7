import { explainError, HoldfastError } from './errors.ts'
import { createLifecycle, type Lifecycle } from './lifecycle.ts'
import type { Logger } from './logger.ts'

export interface ServiceContext {
  readonly lifecycle: Lifecycle
  /** For what goes wrong in the background: stops everything and ends the process with exit code 1. */
  readonly fail: (error: unknown) => void
}

export interface RunServiceOptions {
  readonly log: Logger
  /** For all stops together, ms. Default 15,000. */
  readonly stopDeadlineMs?: number
}

/**
 * A process: runs `main`, which starts components on the lifecycle and returns; then stays until SIGINT or SIGTERM (exit 0),
 * or until something fails (exit 1, the error printed for a person) or nobody reads its output any more (exit 1). A second
 * signal does not wait for the stops.
 */
export async function runService(
  main: (context: ServiceContext) => Promise<void>,
  { log, stopDeadlineMs = 15_000 }: RunServiceOptions,
): Promise<void> {
  const lifecycle = createLifecycle({
    deadlineMs: stopDeadlineMs,
    onStopped: (name, tookMs, err) =>
      err === undefined
        ? log.debug({ component: name, tookMs: Math.round(tookMs) }, 'stopped')
        : log.error({ component: name, err }, 'could not be stopped cleanly'),
  })
  let ending = false

  async function end(code: number): Promise<void> {
    if (ending) return
    ending = true
    const failures = await lifecycle.stop()
    // Something may still hold the event loop open; everything that mattered has been stopped or has had its time.
    process.exit(failures.length > 0 && code === 0 ? 1 : code)
  }
  function fail(thrown: unknown): void {
    if (thrown instanceof HoldfastError && thrown.code === 'STOPPING') return
    process.stderr.write(`${explainError(thrown)}\n`)
    log.fatal({ err: thrown }, 'failed')
    void end(1)
  }
  function onSignal(signal: NodeJS.Signals): void {
    if (ending) process.exit(1)
    log.info({ signal }, 'stopping')
    void end(0)
  }

  // Whoever read our output has gone, and every further line would fail like this one: stop in order rather than unheard.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => void end(1))
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  process.on('unhandledRejection', fail)
  process.on('uncaughtException', fail)
  try {
    await main({ lifecycle, fail })
  } catch (thrown) {
    fail(thrown)
  }
}
