import {
  type Counted,
  type CustomerEvent,
  counted,
  type Decided,
  type Draft,
  decodeStored,
  draftOf,
  EMPTY_STATE,
  foldInto,
  NO_TIMELINE,
  ROLE_OF_TYPE,
  type Role,
  type TimelineEntry,
} from '@holdfast/core'

/** A customer in hand: taken up from bytes, worked on, and put down as bytes again before many others are. */
export interface Hand {
  readonly id: string
  /** Changes in place. */
  readonly state: Draft
  /** What the counters saw of it when it was taken up. */
  readonly before: Counted
  /** Lines to add to the timeline, newest last. */
  readonly lines: TimelineEntry[]
  /** The timeline as it is stored. */
  readonly timeline: Uint8Array
  /** The next appointment that a look made; `unseen` while nobody has looked. */
  nextLook: number | 'never' | 'unseen'
  /** Whether there is anything to write. */
  isChanged: boolean
}

/** What became of events, by the role of their topic. */
export type FoldCounts = Record<Role, { folded: number; duplicate: number }>

/**
 * Decodes what is stored and folds events into it.
 * @param stored undefined for a customer who was never seen
 * @throws RangeError for bytes that hold no state
 */
export function takeUp(
  id: string,
  stored: Uint8Array | undefined,
  events: readonly CustomerEvent[],
  counts: FoldCounts,
): Hand {
  // What is decoded shares nothing but what the fold replaces: to change it in place is safe.
  const { state, timeline }: { state: Draft; timeline: Uint8Array } =
    stored === undefined ? { state: draftOf(EMPTY_STATE), timeline: NO_TIMELINE } : decodeStored(stored)
  const hand: Hand = { id, state, before: counted(state), lines: [], timeline, nextLook: 'unseen', isChanged: false }
  for (const event of events) {
    const of = counts[ROLE_OF_TYPE[event.type]]
    if (foldInto(state, event)) {
      of.folded++
      hand.isChanged = true
      hand.lines.push({ kind: event.type, time: event.time, detail: detailOf(event) })
    } else {
      of.duplicate++
    }
  }
  return hand
}

/** Puts what a look found into a customer's state. */
export function decide(
  hand: Hand,
  decided: Decided,
  nextLook: number | undefined,
  line: TimelineEntry | undefined,
): void {
  hand.state.decided = decided
  hand.nextLook = nextLook ?? 'never'
  hand.isChanged = true
  if (line !== undefined) hand.lines.push(line)
}

/** The number that a timeline shows beside an event. */
function detailOf(event: CustomerEvent): number {
  switch (event.type) {
    case 'purchase.completed':
    case 'purchase.refunded':
    case 'purchase.cancelled':
      return event.amountMinor
    case 'survey.responded':
      return event.score
    case 'social.mentioned':
      return event.sentiment
    case 'action.snoozed':
      return event.until
    default:
      return 0
  }
}
