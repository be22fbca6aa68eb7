import type { Role } from '@holdfast/core'
import type { Clock, LogBounds, Logger, ShardStore, WrittenOutbox } from '@holdfast/platform'
import type { Turns } from '../turns.ts'
import type { createIntakeStep, IntakeOutcome } from './intake.ts'
import type { createLookStep } from './look.ts'

/** What a lane tells whoever watches. */
export interface LaneEvents {
  onIntake(topic: string, counts: Readonly<Record<IntakeOutcome, number>>): void
  /** @param counts by topic */
  onFolded(counts: ReadonlyMap<string, Readonly<Record<'folded' | 'duplicate', number>>>, seconds: number): void
  onCommitted(customers: number, looked: number, seconds: number): void
  /** @param written what the commit has put into the outbox */
  onOutbox(written: WrittenOutbox): void
  onRefused(reason: 'owner' | 'number'): void
  /** The lane cannot go on, and must not be left standing. */
  onBroken(error: Error): void
}

export interface LaneOptions {
  readonly store: ShardStore
  /** Topics of the roles. */
  readonly topics: Readonly<Record<Role, string>>
  readonly partitionCount: number
  /** Where the log of each topic began and ended when the shard was claimed. */
  readonly logBounds: readonly LogBounds[]
  readonly intake: ReturnType<typeof createIntakeStep>
  readonly look: ReturnType<typeof createLookStep>
  readonly clock: Clock
  readonly log: Logger
  /** Events that wait at most to be written together, behind on the log. */
  readonly gatherEvents: number
  /** Entries kept of each timeline; 0 keeps none. */
  readonly timelineLength: number
  /** Customers looked at for one commit because they are due. */
  readonly lookLimit: number
  /**
   * Shared by the lanes of a process, which fold and look one after the other: side by side they would all end late, and then
   * wait together for Redis, which had nothing to do before.
   */
  readonly atWork: Turns
  /** Only folds: nobody is looked at, and what would leave is dropped, because whoever folded the log first has sent it. */
  readonly foldsOnly?: boolean
  readonly events: LaneEvents
  /** Whether so many records may be taken, the invalid ones at these places; false: stop before anything of them is written. */
  admit(records: number, invalidAt: readonly number[]): boolean
  seek(topic: string, offset: number): void
}

/** How a batch ended. `refused`: the shard is not ours as we knew it, and this lane is of no use any more. */
export type TakeOutcome = 'taken' | 'sought' | 'not_admitted' | 'refused'
