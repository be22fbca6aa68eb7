import {
  type CustomerEvent,
  type CustomerState,
  decodeState,
  EMPTY_STATE,
  ERASED_STATE,
  encodeFolded,
  fold,
} from '@holdfast/core'

/** A state, or its bytes as a one-byte text: a quarter of the memory, for states that hardly ever move again. */
type Slot = CustomerState | string

/** What became of one event. */
export type Added = 'folded' | 'duplicate' | 'beyond_the_last_instant'

/** Every customer as known at each of several instants, filled in one pass over a log in whatever order it comes. */
export interface StatesAt {
  readonly instants: readonly number[]
  readonly customers: number
  /** Folds the event into the states of all instants at which it was known. */
  add(event: CustomerEvent): Added
  /** Number of the customer, made if need be. */
  indexOf(customerId: string): number
  ids(): IterableIterator<readonly [customerId: string, index: number]>
  /** The customer's state at an instant, by its number. */
  at(index: number, instant: number): CustomerState
}

/**
 * States are immutable and share what they have in common, so a customer has one until an event arrives that some instants
 * know and others do not: only then do they part. The newest stays an object, for most events move it; older ones are kept as
 * bytes. Since the fold does not mind the order, late and unsorted events need no sorting: memory grows with customers,
 * never with events.
 *
 * @param instants ms, ascending
 */
export function createStatesAt(instants: readonly number[]): StatesAt {
  const width = instants.length
  const numbers = new Map<string, number>()
  const slots: Slot[] = []
  const last = instants.at(-1) ?? Number.NEGATIVE_INFINITY

  function indexOf(customerId: string): number {
    let index = numbers.get(customerId)
    if (index === undefined) {
      index = numbers.size
      numbers.set(customerId, index)
      for (let i = 0; i < width; i++) slots.push(EMPTY_STATE)
    }
    return index
  }

  /** The first instants no longer share the object that is about to move on. */
  function part(base: number, first: number): void {
    const shared = slots[base + first]!
    if (first === 0 || typeof shared === 'string' || shared === EMPTY_STATE || slots[base + first - 1] !== shared)
      return
    const frozen = freeze(shared)
    for (let i = first - 1; i >= 0 && slots[base + i] === shared; i--) slots[base + i] = frozen
  }

  function add(event: CustomerEvent): Added {
    // Erasure is absorbing and final, so it reaches back: nobody learns from a customer who is gone from the log.
    if (event.type === 'customer.erased') {
      const base = indexOf(event.customerId) * width
      for (let i = 0; i < width; i++) slots[base + i] = ERASED_STATE
      return 'folded'
    }
    if (event.knownAt > last) return 'beyond_the_last_instant'
    let first = 0
    while (instants[first]! < event.knownAt) first++
    const base = indexOf(event.customerId) * width
    part(base, first)
    let hasMoved = false
    for (let i = first; i < width; ) {
      const before = slots[base + i]!
      let end = i + 1
      while (end < width && slots[base + end] === before) end++
      const state = thaw(before)
      const after = fold(state, event)
      hasMoved ||= after !== state
      const stored = after === state ? before : end === width ? after : freeze(after)
      for (; i < end; i++) slots[base + i] = stored
    }
    return hasMoved ? 'folded' : 'duplicate'
  }

  return {
    instants,
    get customers() {
      return numbers.size
    },
    add,
    indexOf,
    ids: () => numbers.entries(),
    at: (index, instant) => thaw(slots[index * width + instant]!),
  }
}

function freeze(state: CustomerState): string {
  const bytes = encodeFolded(state)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

function thaw(slot: Slot): CustomerState {
  return typeof slot === 'string' ? decodeState(Buffer.from(slot, 'latin1')) : slot
}
