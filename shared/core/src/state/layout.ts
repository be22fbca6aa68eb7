import { ACTION_KINDS, PURPOSES, ROLES, SURVEY_KINDS } from '../event.ts'
import { NO_TIMELINE, TIMELINE_ENTRY_BYTES, type TimelineEntry, writeTimeline } from '../timeline.ts'
import { Describer, type LayoutRow, Reader, type Sink, Writer } from './codec.ts'
import { type CustomerState, copyOfRings, type Draft, draftOf, EMPTY_STATE, ERASED_STATE } from './customer-state.ts'
import type { Group } from './groups/index.ts'
import * as groups from './groups/index.ts'

/**
 * One customer's value in Redis: version byte, a bit for each group that is present (a varint), then those groups in the
 * order of `SLOTS`, and behind them the timeline. Bits of the commonest groups come first, so that a customer who only buys
 * needs one byte for them.
 */
export const LAYOUT_VERSION = 2

/** The same without a timeline, which stood under a key of its own. */
const WITHOUT_TIMELINE = 1

/** An erased customer keeps the version and a presence that no group can have: four bytes, whatever else was in hand. */
const ERASED_BIT = 2 ** 19

interface Slot {
  readonly name: string
  /** The group, where the state has it: what `write` takes. */
  get(state: CustomerState): object | undefined
  write(sink: Sink, group: object): void
  read(reader: Reader, draft: Draft): void
  describe(describer: Describer): void
}

function slot<G extends object>(
  name: string,
  group: Group<G>,
  get: (state: CustomerState) => G | undefined,
  set: (draft: Draft, value: G) => void,
): Slot {
  return {
    name,
    get,
    write: (sink, value) => group.write(sink, value as G),
    read: (reader, draft) => set(draft, group.read(reader)),
    describe(describer) {
      describer.group = name
      group.write(describer, group.example?.() ?? group.blank())
    },
  }
}

const rings = ROLES.map((role) =>
  slot(
    `ids of ${role}`,
    groups.RING,
    ({ rings }) => rings[role],
    (draft, ids) => {
      const own = copyOfRings(draft.rings)
      own[role] = ids
      draft.rings = own
    },
  ),
)

const surveys = SURVEY_KINDS.map((kind) =>
  slot(
    kind,
    groups.SURVEY,
    (state) => state.surveys[kind],
    (draft, value) => {
      draft.surveys = { ...draft.surveys, [kind]: value }
    },
  ),
)

const consents = PURPOSES.map((purpose) =>
  slot(
    `consent to ${purpose}`,
    groups.CONSENT,
    (state) => state.consent[purpose],
    (draft, value) => {
      draft.consent = { ...draft.consent, [purpose]: value }
    },
  ),
)

const actions = ACTION_KINDS.map((kind) =>
  slot(
    kind,
    groups.ACTION,
    (state) => state.actions[kind],
    (draft, value) => {
      draft.actions = { ...draft.actions, [kind]: value }
    },
  ),
)

const [purchaseRing, supportRing, engagementRing, ...otherRings] = rings as [Slot, Slot, Slot, ...Slot[]]

const SLOTS: readonly Slot[] = [
  slot(
    'decided',
    groups.DECIDED,
    (s) => s.decided,
    (draft, value) => {
      draft.decided = value
    },
  ),
  slot(
    'purchases',
    groups.PURCHASES,
    (s) => s.purchases,
    (draft, value) => {
      draft.purchases = value
    },
  ),
  purchaseRing,
  slot(
    'support',
    groups.SUPPORT,
    (s) => s.support,
    (draft, value) => {
      draft.support = value
    },
  ),
  supportRing,
  slot(
    'engagement',
    groups.ENGAGEMENT,
    (s) => s.engagement,
    (draft, value) => {
      draft.engagement = value
    },
  ),
  engagementRing,
  slot(
    'reversals',
    groups.REVERSALS,
    (s) => s.reversals,
    (draft, value) => {
      draft.reversals = value
    },
  ),
  slot(
    'contract',
    groups.CONTRACT,
    (s) => s.contract,
    (draft, value) => {
      draft.contract = value
    },
  ),
  slot(
    'social',
    groups.SOCIAL,
    (s) => s.social,
    (draft, value) => {
      draft.social = value
    },
  ),
  ...otherRings,
  ...surveys,
  ...consents,
  ...actions,
]

const writer = new Writer()

const present = new Array<object | undefined>(SLOTS.length)

/** What is stored of a customer: a state, and right behind it the newest lines of the timeline. */
export interface Stored {
  readonly state: CustomerState
  /** See `decodeTimeline`; a view of the bytes that were decoded. */
  readonly timeline: Uint8Array
}

/** Bytes of a state. Two equal states have equal bytes. */
export function encodeState(state: CustomerState): Uint8Array {
  writeState(state)
  return writer.take()
}

/**
 * Bytes of a state and its timeline; who is erased has none.
 * @param came new entries, newest last
 * @param before the timeline as it was stored
 * @param most entries that are kept; 0 keeps none
 */
export function encodeStored(
  state: CustomerState,
  came: readonly TimelineEntry[],
  before: Uint8Array,
  most: number,
): Uint8Array {
  writeState(state)
  if (!state.erased) writeTimeline(writer, came, before, most)
  return writer.take()
}

function writeState(state: CustomerState): void {
  writer.byte('version', LAYOUT_VERSION)
  if (state.erased) {
    writer.uint('presence', ERASED_BIT)
    return
  }
  let presence = 0
  for (let i = 0; i < SLOTS.length; i++) {
    present[i] = SLOTS[i]!.get(state)
    if (present[i] !== undefined) presence |= 1 << i
  }
  writer.uint('presence', presence)
  for (let i = 0; i < SLOTS.length; i++) if (present[i] !== undefined) SLOTS[i]!.write(writer, present[i]!)
}

/** The state alone of what is stored: see `decodeStored`. */
export function decodeState(bytes: Uint8Array): CustomerState {
  return decodeStored(bytes).state
}

/** Throws a RangeError for bytes that cannot have been written: an unknown version or group, too few bytes, or too many. */
export function decodeStored(bytes: Uint8Array): Stored {
  const reader = new Reader(bytes)
  const version = reader.byte()
  if (version !== LAYOUT_VERSION && version !== WITHOUT_TIMELINE) {
    throw new RangeError(
      `state has layout version ${version}, this build reads ${LAYOUT_VERSION}: run "holdfast rebuild"`,
    )
  }
  const presence = reader.uint()
  // Written so that a number that ran over into NaN is refused, too.
  if (!(presence <= ERASED_BIT)) throw new RangeError(`state has groups that this build does not know: ${presence}`)
  const draft = draftOf(EMPTY_STATE)
  for (let i = 0; i < SLOTS.length; i++) if (presence & (1 << i)) SLOTS[i]!.read(reader, draft)
  const isErased = presence === ERASED_BIT
  const hasTimeline = !isErased && version === LAYOUT_VERSION
  const surplus = hasTimeline ? reader.left % TIMELINE_ENTRY_BYTES : reader.left
  if (surplus !== 0) throw new RangeError(`state has ${surplus} bytes too many`)
  return { state: isErased ? ERASED_STATE : draft, timeline: reader.left === 0 ? NO_TIMELINE : reader.rest() }
}

/** The folded half alone, in bytes: what two runs over the same log must agree on. */
export function encodeFolded(state: CustomerState): Uint8Array {
  return encodeState({ ...state, decided: undefined })
}

/** Every group with its fields and their bytes, in the order of the layout, for the documentation. */
export function describeLayout(): readonly LayoutRow[] {
  const describer = new Describer()
  for (const slot of SLOTS) slot.describe(describer)
  return describer.rows
}
