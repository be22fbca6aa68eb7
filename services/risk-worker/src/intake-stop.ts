import { installationKeys } from '@holdfast/contracts'
import type { Logger, RedisClient } from '@holdfast/platform'
import { InvalidGuard } from './lane/invalid-guard.ts'

export interface IntakeStopOptions {
  readonly client: RedisClient
  readonly prefix: string
  /** Records over which the share of invalid ones is taken. */
  readonly window: number
  readonly log: Logger
  onStop(): void
  onResume(): void
}

const ASK_EVERY_MS = 1_000

/**
 * Stops the intake of the whole installation when most recent records are invalid, until somebody runs `holdfast dlq resume`.
 * The stop is a key in Redis: a restart does not lift it, and it reaches every worker.
 */
export class IntakeStop {
  private readonly guard: InvalidGuard
  private readonly key: string
  private timer: NodeJS.Timeout | undefined
  private stopped = false
  /** Rises with every stop of our own: an answer that was asked for before it says nothing any more. */
  private stops = 0

  constructor(private readonly options: IntakeStopOptions) {
    this.guard = new InvalidGuard(options.window)
    this.key = installationKeys(options.prefix).intakeStopped
  }

  get isStopped(): boolean {
    return this.stopped
  }

  /** Learns whether intake is stopped, and watches it from then on. */
  async start(): Promise<void> {
    await this.ask()
    this.timer = setInterval(() => void this.ask().catch(() => {}), ASK_EVERY_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.timer)
  }

  /**
   * Counts records in. False when they must not be taken: intake is stopped from then on.
   * @param invalidAt places of the invalid ones among them
   */
  admit(records: number, invalidAt: readonly number[]): boolean {
    if (this.stopped) return false
    if (!this.guard.add(records, invalidAt)) return true
    const reason = `more than half of the newest ${this.options.window} records are invalid (${new Date().toISOString()})`
    this.options.log.fatal({ cure: 'mend the producer, then: holdfast dlq resume' }, `intake is stopped: ${reason}`)
    this.stops++
    this.setStopped(true)
    void this.options.client
      .set(this.key, reason)
      .catch((err: unknown) => this.options.log.error({ err }, 'the stop could not be stored'))
    return false
  }

  private async ask(): Promise<void> {
    const { stops } = this
    const found = (await this.options.client.get(this.key)) !== null
    if (stops === this.stops && found !== this.stopped) this.setStopped(found)
  }

  private setStopped(stopped: boolean): void {
    this.stopped = stopped
    if (stopped) {
      this.options.onStop()
    } else {
      this.guard.pardon()
      this.options.onResume()
    }
  }
}
