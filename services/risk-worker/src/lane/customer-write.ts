import { WORKLIST_BANDS, type WorklistBand } from '@holdfast/contracts'
import { type Band, encodeState, encodeTimeline } from '@holdfast/core'
import type { CustomerWrite } from '@holdfast/platform'
import type { Hand } from './hand.ts'

/**
 * What a commit writes of a customer in hand.
 * @param timelineLength entries kept of a timeline; 0 keeps none
 * @param now ms in domain time: when a customer is due whom nobody has looked at
 */
export function customerWrite(hand: Hand, timelineLength: number, now: number): CustomerWrite {
  const { id, before, state, nextLook, timeline } = hand
  const { erased, decided } = state
  const newest = timelineLength === 0 ? [] : timeline.length > 1 ? timeline.slice(-timelineLength).reverse() : timeline
  return {
    id,
    state: encodeState(state),
    // Behind on the log nobody looked: the customer is due at once, and is looked at when the shard has caught up.
    due: erased || nextLook === 'never' ? undefined : nextLook === 'unseen' ? now : nextLook,
    // A place on a worklist follows from what was decided, and from nothing else.
    worklist: erased ? 'none' : decided === before.decided ? 'keep' : worklistOf(decided?.band),
    priority: decided?.expectedLossMinor ?? 0,
    timeline: encodeTimeline(newest),
    erased,
  }
}

function worklistOf(band: Band | undefined): WorklistBand | 'none' {
  return WORKLIST_BANDS.find((listed) => listed === band) ?? 'none'
}
