import type { CustomerState } from '@holdfast/core'
import { HoldfastError } from '@holdfast/platform'

const DAY_MS = 86_400_000

/** Who has a row at a cutoff: whoever ever bought, or whoever bought within so long before it. */
export type RowPopulation = { readonly kind: 'ever' } | { readonly kind: 'active'; readonly withinMs: number }

/**
 * `ever`, or `active:365d`.
 * @throws HoldfastError POPULATION_UNKNOWN
 */
export function parsePopulation(text: string): RowPopulation {
  if (text === 'ever') return { kind: 'ever' }
  const days = /^active:([1-9]\d{0,4})d$/.exec(text)?.[1]
  if (days !== undefined) return { kind: 'active', withinMs: Number(days) * DAY_MS }
  throw new HoldfastError({
    code: 'POPULATION_UNKNOWN',
    message: `population ${JSON.stringify(text)} is neither "ever" nor "active:" and a number of days`,
    cure: 'write ever (whoever has bought), or for example active:365d (whoever bought in the 365 days before the cutoff).',
  })
}

export function formatPopulation(population: RowPopulation): string {
  return population.kind === 'ever' ? 'ever' : `active:${population.withinMs / DAY_MS}d`
}

/** Nobody is in who never bought, or who was erased. */
export function isInPopulation(population: RowPopulation, state: CustomerState, at: number): boolean {
  const last = state.purchases?.recent[0]
  if (state.erased || last === undefined) return false
  return population.kind === 'ever' || last >= at - population.withinMs
}
