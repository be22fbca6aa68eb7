import type { Logger, Stoppable } from '@holdfast/platform'

export interface KafkaWatch extends Stoppable {
  isReachable(): boolean
}

export interface KafkaWatchOptions {
  /** Asks a broker anything. */
  readonly ping: () => Promise<unknown>
  readonly everyMs: number
  /** An answer that takes longer counts as none until it comes. */
  readonly patienceMs: number
  readonly log: Logger
}

/** Knows whether Kafka answers, so that senders need not wait to hear that it does not. Begins with a broker that has just answered. */
export function watchKafka({ ping, everyMs, patienceMs, log }: KafkaWatchOptions): KafkaWatch {
  let reachable = true
  let stopped = false
  let timer: NodeJS.Timeout | undefined

  function turn(to: boolean): void {
    if (stopped || reachable === to) return
    reachable = to
    if (to) log.info('Kafka answers again')
    else log.warn('Kafka does not answer: events are refused until it does')
  }
  async function look(): Promise<void> {
    const late = setTimeout(() => turn(false), patienceMs)
    try {
      await ping()
      turn(true)
    } catch {
      turn(false)
    } finally {
      clearTimeout(late)
      if (!stopped) follow()
    }
  }
  function follow(): void {
    timer = setTimeout(() => void look(), everyMs)
  }
  follow()
  return {
    isReachable: () => reachable,
    async stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}
