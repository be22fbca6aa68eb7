import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import type { CustomerEvent } from '../event.ts'
import { fold } from '../fold/fold.ts'
import { hash48 } from '../hash.ts'
import { arbitraryDecided } from '../oracle/arbitrary-decided.ts'
import { arbitraryLog } from '../oracle/arbitrary-log.ts'
import { sameFolded } from '../oracle/same-folded.ts'
import { decodeTimeline, NO_TIMELINE, TIMELINE_ENTRY_BYTES, type TimelineEntry } from '../timeline.ts'
import { type CustomerState, type Decided, EMPTY_STATE, ERASED_STATE } from './customer-state.ts'
import { decodeState, decodeStored, describeLayout, encodeFolded, encodeState, encodeStored } from './layout.ts'

vi.setConfig({ testTimeout: 60_000 })

/** Bytes as a text, which compares faster than an array and reads better in a failure. */
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

const anyState = fc
  .tuple(arbitraryLog(), fc.option(arbitraryDecided, { nil: undefined }))
  .map(([log, decided]): CustomerState => ({ ...log.reduce(fold, EMPTY_STATE), decided }))

/** What decoding came to: a state, or the error that it threw. */
function decoded(bytes: Uint8Array): unknown {
  try {
    return decodeState(bytes)
  } catch (error) {
    return error
  }
}

test('what is written is read back, and written again byte for byte', () => {
  fc.assert(
    fc.property(anyState, (state) => {
      const bytes = encodeState(state)
      const back = decodeState(bytes)
      expect(sameFolded(back, state)).toBeUndefined()
      expect(back.decided).toEqual(state.decided)
      expect(back.rings).toEqual(state.rings)
      expect(hex(encodeState(back))).toBe(hex(bytes))
    }),
    { numRuns: 250 },
  )
})

test('the folded half in bytes does not know what was decided', () => {
  fc.assert(
    fc.property(anyState, (state) => {
      expect(hex(encodeFolded(state))).toBe(hex(encodeState({ ...state, decided: undefined })))
      expect(decodeState(encodeFolded(state)).decided).toBeUndefined()
    }),
    { numRuns: 100 },
  )
})

const line = (detail: number): TimelineEntry => ({ kind: 'purchase.completed', time: 1_000 * detail, detail })

test('behind a state stands its timeline, and neither reads the other', () => {
  fc.assert(
    fc.property(fc.oneof(anyState, fc.constant(ERASED_STATE)), fc.nat(30), (state, count) => {
      const lines = Array.from({ length: count }, (_, i) => line(i))
      const bytes = encodeStored(state, lines, NO_TIMELINE, 1_000)
      const stored = decodeStored(bytes)
      const kept = state.erased ? [] : lines.toReversed()
      expect(decodeTimeline(stored.timeline)).toEqual(kept)
      expect(hex(encodeState(stored.state))).toBe(hex(encodeState(state)))
      expect(hex(encodeState(decodeState(bytes)))).toBe(hex(encodeState(state)))
      expect(bytes.length).toBe(encodeState(state).length + kept.length * TIMELINE_ENTRY_BYTES)
    }),
    { numRuns: 100 },
  )
})

test('a timeline keeps its newest entries, newest first, up to the length that is asked for', () => {
  const steps: [came: number[], most: number, kept: number[]][] = [
    [[1], 3, [1]],
    [[2, 3], 3, [3, 2, 1]],
    [[4], 3, [4, 3, 2]],
    [[], 3, [4, 3, 2]],
    [[5], 2, [5, 4]],
    [[], 1, [5]],
    [[6, 7, 8, 9], 3, [9, 8, 7]],
    [[10], 0, []],
  ]
  let before: Uint8Array = NO_TIMELINE
  for (const [came, most, kept] of steps) {
    before = decodeStored(encodeStored(EMPTY_STATE, came.map(line), before, most)).timeline
    expect(decodeTimeline(before).map(({ detail }) => detail)).toEqual(kept)
  }
})

test('behind a state is nothing but whole entries, and behind an erased one nothing at all', () => {
  const bytes = encodeStored(EMPTY_STATE, [line(1), line(2)], NO_TIMELINE, 20)
  for (let cut = 1; cut < TIMELINE_ENTRY_BYTES; cut++) {
    expect(decoded(bytes.subarray(0, -cut))).toEqual(new RangeError(`state has ${15 - cut} bytes too many`))
  }
  const erased = Buffer.concat([encodeState(ERASED_STATE), new Uint8Array(TIMELINE_ENTRY_BYTES)])
  expect(decoded(erased)).toEqual(new RangeError('state has 15 bytes too many'))
})

test('a state of the version before is read, and nothing may stand behind it', () => {
  fc.assert(
    fc.property(anyState, (state) => {
      const bytes = Uint8Array.from(encodeState(state))
      bytes[0] = 1
      expect(hex(encodeState(decodeState(bytes)))).toBe(hex(encodeState(state)))
      expect(decoded(Buffer.concat([bytes, Buffer.alloc(TIMELINE_ENTRY_BYTES)]))).toBeInstanceOf(RangeError)
    }),
    { numRuns: 100 },
  )
})

test('bytes that end early, wherever, are refused', () => {
  const cut = anyState.chain((state) => {
    const bytes = encodeState(state)
    return fc.tuple(fc.constant(bytes), fc.nat(bytes.length - 1))
  })
  fc.assert(
    fc.property(cut, ([bytes, length]) => {
      expect(decoded(bytes.slice(0, length))).toBeInstanceOf(RangeError)
    }),
    { numRuns: 500 },
  )
})

test('bytes too many are refused, after an erased customer as well', () => {
  // As many as an entry of a timeline has would be one.
  const more = fc.uint8Array({ minLength: 1, maxLength: TIMELINE_ENTRY_BYTES - 1, size: 'max' })
  fc.assert(
    fc.property(fc.oneof(anyState, fc.constant(ERASED_STATE)), more, (state, tail) => {
      const bytes = encodeState(state)
      const longer = new Uint8Array(bytes.length + tail.length)
      longer.set(bytes)
      longer.set(tail, bytes.length)
      expect(decoded(longer)).toBeInstanceOf(RangeError)
    }),
    { numRuns: 250 },
  )
})

test('a group that this build does not know, and another version, are refused', () => {
  for (const presence of [2 ** 19 + 1, 2 ** 20, 2 ** 21 - 1, 2 ** 31, 2 ** 32]) {
    const bytes: number[] = []
    for (let rest = presence; ; rest = Math.floor(rest / 128)) {
      bytes.push((rest % 128) + (rest >= 128 ? 128 : 0))
      if (rest < 128) break
    }
    expect(decoded(Uint8Array.from([2, ...bytes]))).toBeInstanceOf(RangeError)
  }
  expect(decoded(Uint8Array.from([3, 0]))).toBeInstanceOf(RangeError)
  expect(decoded(Uint8Array.from([]))).toBeInstanceOf(RangeError)
})

test('garbage is refused with a RangeError or read as some state, never anything else', () => {
  const garbage = fc.uint8Array({ maxLength: 400 }).map((tail) => Uint8Array.from([2, ...tail]))
  const bitten = fc.tuple(anyState, fc.nat(), fc.integer({ min: 1, max: 255 })).map(([state, at, by]) => {
    const bytes = encodeState(state)
    const i = at % bytes.length
    bytes[i] = bytes[i]! ^ by
    return bytes
  })
  let refused = 0
  fc.assert(
    fc.property(fc.oneof(garbage, bitten), (bytes) => {
      const result = decoded(bytes)
      if (result instanceof Error) {
        refused++
        expect(result).toBeInstanceOf(RangeError)
      }
    }),
    { numRuns: 1_000 },
  )
  expect(refused).toBeGreaterThan(250)
})

test('a number that never ends is refused', () => {
  expect(decoded(Uint8Array.from([1, ...new Array<number>(300).fill(128), 0]))).toBeInstanceOf(RangeError)
})

const DECIDED: Decided = {
  band: 'at_risk',
  previousBand: 'watch',
  enteredAt: Date.UTC(2026, 9, 1),
  evaluatedAt: Date.UTC(2026, 9, 2),
  probability: 0.5,
  expectedLossMinor: 123_456,
  disposition: 'queued',
  heldUntil: -1,
  predictedAt: Date.UTC(2026, 9, 2),
  predictedProbability: 0.5,
  judged: 51,
}

/** Purchases a month or so apart of 10 to 9,999.99, ids as the gateway hashes them. */
function buysOnly(count: number): CustomerState {
  const events = Array.from({ length: count }, (_, i): CustomerEvent => {
    const time = Date.UTC(2024, 0, 1) + Math.round(i * 32.7 * 86_400_000 + ((i * 7_919_000) % 80_000_000))
    const idHash = hash48(`8:/shop/euord-${i}`)
    return {
      type: 'purchase.completed',
      customerId: 'c',
      time,
      knownAt: time,
      idHash,
      amountMinor: 1_000 + ((i * 99_991) % 999_000),
    }
  })
  return { ...events.reduce(fold, EMPTY_STATE), decided: DECIDED }
}

const size = encodeState(buysOnly(12)).length

test(`a customer with 12 purchases and a decided half takes ${size} bytes, at most 256`, () => {
  expect(size).toBeLessThanOrEqual(256)
  expect(encodeState(EMPTY_STATE).length).toBeLessThanOrEqual(2)
  expect(encodeState(ERASED_STATE).length).toBeLessThanOrEqual(4)
})

test('the documented layout names every byte that is written', () => {
  const rows = describeLayout()
  expect(rows.every((row) => row.group !== '' && row.field !== '' && /^\d(-\d)?$/.test(row.bytes))).toBe(true)
  expect(new Set(rows.map((row) => `${row.group}: ${row.field}`)).size).toBeGreaterThan(80)
})
