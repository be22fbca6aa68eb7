import fc from 'fast-check'
import { BANDS, type Decided, DISPOSITIONS } from '../state/customer-state.ts'

const time = fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) }))
const probability = fc.float({ min: 0, max: 1, noNaN: true })

/** Any decided half that can be written down, whether or not an evaluation would come to it. */
export const arbitraryDecided: fc.Arbitrary<Decided> = fc.record({
  band: fc.constantFrom(...BANDS),
  previousBand: fc.option(fc.constantFrom(...BANDS), { nil: undefined }),
  enteredAt: time,
  evaluatedAt: time,
  probability,
  expectedLossMinor: fc.nat(2 ** 31 - 1),
  disposition: fc.constantFrom(...DISPOSITIONS),
  heldUntil: time,
  predictedAt: time,
  predictedProbability: probability,
  judged: fc.nat(101),
})
