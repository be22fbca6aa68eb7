import { asError, HoldfastError } from './errors.ts'

/** Start returns its stop. */
export interface Stoppable {
  stop(): Promise<void>
}

export interface StopFailure {
  readonly name: string
  readonly error: Error
}

export interface Lifecycle {
  /**
   * Starts a component and remembers its stop. When the whole is stopping meanwhile, the newcomer is stopped at once.
   * @throws HoldfastError STOPPING; whatever `start` throws.
   */
  start<T extends Stoppable>(name: string, start: () => T | Promise<T>): Promise<T>
  /** Remembers a stop whose start took place elsewhere. */
  onStop(name: string, stop: () => Promise<void>): void
  /** Aborted when stopping begins. */
  readonly signal: AbortSignal
  /** Stops everything in reverse order, once, whatever fails; the failures are returned, never thrown. */
  stop(): Promise<readonly StopFailure[]>
}

export interface LifecycleOptions {
  /** For all stops together, ms. Default 15,000. A stop that is late is left behind, and the next one is still called. */
  readonly deadlineMs?: number
  readonly onStopped?: (name: string, tookMs: number, error: Error | undefined) => void
}

export function createLifecycle({ deadlineMs = 15_000, onStopped }: LifecycleOptions = {}): Lifecycle {
  const stops: { name: string; stop: () => Promise<void> }[] = []
  const stopping = new AbortController()
  let stopped: Promise<readonly StopFailure[]> | undefined

  async function runStops(): Promise<readonly StopFailure[]> {
    stopping.abort(stoppingError())
    const endsAt = performance.now() + deadlineMs
    const failures: StopFailure[] = []
    for (let component = stops.pop(); component !== undefined; component = stops.pop()) {
      const { name, stop } = component
      const startedAt = performance.now()
      const error = await outcomeWithin(stop, Math.max(0, endsAt - startedAt), name)
      if (error !== undefined) failures.push({ name, error })
      onStopped?.(name, performance.now() - startedAt, error)
    }
    return failures
  }

  const lifecycle: Lifecycle = {
    signal: stopping.signal,
    async start(name, start) {
      if (stopped !== undefined) throw stoppingError()
      const component = await start()
      lifecycle.onStop(name, () => component.stop())
      if (stopped !== undefined) {
        await runStops()
        throw stoppingError()
      }
      return component
    },
    onStop(name, stop) {
      stops.push({ name, stop })
    },
    stop() {
      stopped ??= runStops()
      return stopped
    },
  }
  return lifecycle
}

function stoppingError(): HoldfastError {
  return new HoldfastError({ code: 'STOPPING', message: 'the process is stopping' })
}

async function outcomeWithin(stop: () => Promise<void>, ms: number, name: string): Promise<Error | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Error>((resolve) => {
    const error = new HoldfastError({ code: 'STOP_TOO_SLOW', message: `${name} did not stop within the deadline` })
    timer = setTimeout(() => resolve(error), ms)
  })
  // A stop that throws at once is a failure like any other.
  const done = (async () => stop())().then(() => undefined, asError)
  try {
    return await Promise.race([done, late])
  } finally {
    clearTimeout(timer)
  }
}
