import { bent } from '../features/row.ts'

/** A sum of slope·max(0, x - knee) over several knees: as a function of x it is straight from knee to knee. */
export interface Polyline {
  readonly knees: readonly number[]
  readonly slopes: readonly number[]
}

export function valueAt({ knees, slopes }: Polyline, x: number): number {
  let value = 0
  for (let k = 0; k < knees.length; k++) value += slopes[k]! * bent(x, knees[k]!)
  return value
}

/** Sum of the magnitudes of what `valueAt` adds up. */
export function magnitudeAt({ knees, slopes }: Polyline, x: number): number {
  let magnitude = 0
  for (let k = 0; k < knees.length; k++) magnitude += Math.abs(slopes[k]! * bent(x, knees[k]!))
  return magnitude
}

/** The least value between two places: it lies at one of them, or at a knee between. */
export function leastBetween(line: Polyline, a: number, b: number): number {
  let least = Math.min(valueAt(line, a), valueAt(line, b))
  for (let k = 0; k < line.knees.length; k++) {
    if (isBetween(line.knees[k]!, a, b)) least = Math.min(least, valueAt(line, line.knees[k]!))
  }
  return least
}

/** The same for the greatest. */
export function mostBetween(line: Polyline, a: number, b: number): number {
  let most = Math.max(valueAt(line, a), valueAt(line, b))
  for (let k = 0; k < line.knees.length; k++) {
    if (isBetween(line.knees[k]!, a, b)) most = Math.max(most, valueAt(line, line.knees[k]!))
  }
  return most
}

function isBetween(x: number, a: number, b: number): boolean {
  return (a < x && x < b) || (b < x && x < a)
}
