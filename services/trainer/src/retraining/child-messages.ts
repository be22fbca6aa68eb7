import type { ClockMap, StoredModel } from '@holdfast/platform'
import type { Watched } from '../watch/index.ts'
import type { Candidate } from './candidate.ts'

/** What the service tells the process that does the arithmetic. */
export type Order = TrainingOrder | { readonly kind: 'watch' }

export interface TrainingOrder {
  readonly kind: 'train'
  /** Undefined where the installation has none, or none that Redis can give. */
  readonly champion: StoredModel | undefined
  /** Undefined where the installation goes by the system clock. */
  readonly clockMap: ClockMap | undefined
  /** When the job began, wall clock, ms. */
  readonly madeAt: number
}

/** What it hears from it: any number of steps, then an answer. */
export type Message = { readonly kind: 'step'; readonly says: string } | Answer
export type Answer = Trained | { readonly kind: 'watched'; readonly watched: Watched } | Failed

export interface Trained {
  readonly kind: 'trained'
  readonly candidate: Candidate
  /** Why there was nothing to hold it against, though there is a champion. */
  readonly championUnusable?: string
}

export interface Failed {
  readonly kind: 'failed'
  /** `unexpected` for a defect. */
  readonly code: string
  /** For people. */
  readonly says: string
  /** Whether the same may succeed later without anybody doing anything. */
  readonly mayPass: boolean
}
