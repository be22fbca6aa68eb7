import type { ConsentChanged, ContractChangeRequested } from '../event.ts'
import { CONTRACT_HALF_LIFE, type ConsentState, type ContractState } from '../state/customer-state.ts'
import { CONSENT, CONTRACT } from '../state/groups/index.ts'
import { addDecayedOne } from './decay.ts'
import { isLater } from './last-write.ts'

const BLANK = CONTRACT.blank()
const BLANK_CONSENT = CONSENT.blank()

export function foldContract(before: ContractState | undefined, event: ContractChangeRequested): ContractState {
  const s = before ?? BLANK
  const { kind, time } = event
  const decayed = (sum: number, counts: boolean): number =>
    addDecayedOne(sum, CONTRACT_HALF_LIFE, s.lastAt, counts ? 1 : 0, time)
  return {
    counts: { ...s.counts, [kind]: s.counts[kind] + 1 },
    lastAt: Math.max(s.lastAt, time),
    decayedDowngrade: decayed(s.decayedDowngrade, kind === 'downgrade'),
    decayedPause: decayed(s.decayedPause, kind === 'pause'),
    decayedCancel: decayed(s.decayedCancel, kind === 'cancel'),
  }
}

export function foldConsent(before: ConsentState | undefined, event: ConsentChanged): ConsentState {
  const s = before ?? BLANK_CONSENT
  if (!isLater(event.time, event.idHash, s.at, s.id)) return s
  return { granted: event.granted, at: event.time, id: event.idHash }
}
