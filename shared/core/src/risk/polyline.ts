import { bent } from '../features/row.ts'

/** A sum of slope·max(0, x - knee) over several knees: as a function of x it is straight from knee to knee. */
export interface Polyline {
  readonly knees: readonly number[]
  readonly slopes: readonly number[]
  /** Its values at the knees. */
  readonly heights: readonly number[]
}

/** A place on a polyline. */
export interface Point {
  readonly x: number
  readonly value: number
}

export function polyline(knees: readonly number[], slopes: readonly number[]): Polyline {
  const heights = new Array<number>(knees.length)
  for (let k = 0; k < heights.length; k++) heights[k] = valueAt(knees, slopes, knees[k]!)
  return { knees, slopes, heights }
}

export function pointAt({ knees, slopes }: Polyline, x: number): Point {
  return { x, value: valueAt(knees, slopes, x) }
}

function valueAt(knees: readonly number[], slopes: readonly number[], x: number): number {
  let value = 0
  for (let k = 0; k < knees.length; k++) value += slopes[k]! * bent(x, knees[k]!)
  return value
}

/** Sum of the magnitudes of what the value at a place adds up. */
export function magnitudeAt({ knees, slopes }: Polyline, x: number): number {
  let magnitude = 0
  for (let k = 0; k < knees.length; k++) magnitude += Math.abs(slopes[k]! * bent(x, knees[k]!))
  return magnitude
}

/** The least value between two points of a line: it lies at one of them, or at a knee between. */
export function leastBetween({ knees, heights }: Polyline, a: Point, b: Point): number {
  let least = Math.min(a.value, b.value)
  for (let k = 0; k < knees.length; k++) {
    if (isBetween(knees[k]!, a.x, b.x)) least = Math.min(least, heights[k]!)
  }
  return least
}

/** The same for the greatest. */
export function mostBetween({ knees, heights }: Polyline, a: Point, b: Point): number {
  let most = Math.max(a.value, b.value)
  for (let k = 0; k < knees.length; k++) {
    if (isBetween(knees[k]!, a.x, b.x)) most = Math.max(most, heights[k]!)
  }
  return most
}

function isBetween(x: number, a: number, b: number): boolean {
  return (a < x && x < b) || (b < x && x < a)
}
