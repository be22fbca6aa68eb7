import { WORKLIST_BANDS, type WorklistBand } from '@holdfast/contracts'
import { type Decided, encodeStored } from '@holdfast/core'
import type { CustomerWrite } from '@holdfast/platform'
import type { Hand } from './hand.ts'

/**
 * What a commit writes of a customer in hand.
 * @param timelineLength entries kept of a timeline; 0 keeps none
 * @param now ms in domain time: when a customer is due whom nobody has looked at
 */
export function customerWrite(hand: Hand, timelineLength: number, now: number): CustomerWrite {
  const { id, before, state, nextLook, lines, timeline } = hand
  const { erased, decided } = state
  return {
    id,
    state: encodeStored(state, lines, timeline, timelineLength),
    // Behind on the log nobody looked: the customer is due at once, and is looked at when the shard has caught up.
    due: erased || nextLook === 'never' ? undefined : nextLook === 'unseen' ? now : nextLook,
    worklist: erased ? 'none' : placeAfter(before.decided, decided),
    priority: decided?.expectedLossMinor ?? 0,
    erased,
  }
}

/**
 * A place on a worklist follows from what was decided, and from nothing else; one that stays is not written again. Should somebody else
 * remove it, `holdfast audit` finds it and a rebuild brings it back.
 */
function placeAfter(before: Decided | undefined, now: Decided | undefined): CustomerWrite['worklist'] {
  const list = worklistOf(now)
  if (list !== worklistOf(before)) return list
  return list === 'none' || now?.expectedLossMinor === before?.expectedLossMinor ? 'keep' : list
}

function worklistOf(decided: Decided | undefined): WorklistBand | 'none' {
  return WORKLIST_BANDS.find((listed) => listed === decided?.band) ?? 'none'
}
