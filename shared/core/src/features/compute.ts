import type { Facts } from './facts.ts'
import { bent, type FeatureRow, logOf, type Shape } from './row.ts'

/** Writes rows of the feature table, computed from facts, to their places in a vector. */
export type Compute = (seen: Facts, vector: number[]) => void

/**
 * Computes some rows of a table, given by index: each exactly as its `of` says, but those of one shape over the same facts
 * together. A call of one function among eighty, whose number has to be boxed on its way back, costs as much as two
 * logarithms.
 */
export function computing(table: readonly FeatureRow[], rows: readonly number[]): Compute {
  const single = rows.filter((i) => table[i]!.shape === undefined)
  const features = single.map((i) => table[i]!.of)
  const hinges = grouped(table, rows, 'hinge', ({ x }) => x)
  const logs = grouped(table, rows, 'log', ({ sums }) => sums)

  return function compute(seen, vector) {
    for (let k = 0; k < single.length; k++) vector[single[k]!] = features[k]!(seen)
    for (let g = 0; g < hinges.length; g++) {
      const { of, places, shapes } = hinges[g]!
      const x = of(seen)
      for (let k = 0; k < places.length; k++) {
        const { knee, times } = shapes[k]!
        vector[places[k]!] = bent(x, knee) * times(seen.still)
      }
    }
    for (let g = 0; g < logs.length; g++) {
      const { of, places, shapes } = logs[g]!
      const sums = of(seen)
      for (let k = 0; k < places.length; k++) vector[places[k]!] = logOf(sums[shapes[k]!.index]!, shapes[k]!.unit)
    }
  }
}

/** Rows of one kind of shape over the same facts. */
export interface Group<S extends Shape, F> {
  readonly of: F
  readonly places: number[]
  readonly shapes: S[]
}

export function grouped<K extends Shape['kind'], F>(
  table: readonly FeatureRow[],
  rows: readonly number[],
  kind: K,
  over: (shape: Extract<Shape, { kind: K }>) => F,
): readonly Group<Extract<Shape, { kind: K }>, F>[] {
  const groups = new Map<F, Group<Extract<Shape, { kind: K }>, F>>()
  for (const i of rows) {
    const { shape } = table[i]!
    if (shape === undefined || !isOfKind(shape, kind)) continue
    const of = over(shape)
    const group = groups.get(of) ?? { of, places: [], shapes: [] }
    groups.set(of, group)
    group.places.push(i)
    group.shapes.push(shape)
  }
  return [...groups.values()]
}

function isOfKind<K extends Shape['kind']>(shape: Shape, kind: K): shape is Extract<Shape, { kind: K }> {
  return shape.kind === kind
}
