import type { Point } from '../curves.ts'
import { escapeHtml } from './escape.ts'

/** Axis of a plot. */
export interface Axis {
  readonly label: string
  readonly from: number
  readonly to: number
}

export interface Line {
  readonly name: string
  readonly points: readonly Point[]
  /** Drawn thin and grey: what is held against, not measured. */
  readonly guide?: true
}

export interface Plot {
  readonly title: string
  readonly x: Axis
  readonly y: Axis
  readonly lines?: readonly Line[]
  /** Bars from the x axis; `of` names one of two tones. */
  readonly bars?: readonly {
    readonly from: number
    readonly to: number
    readonly base: number
    readonly height: number
    readonly of: 0 | 1
  }[]
  /** Points with a range upwards and downwards. */
  readonly marks?: readonly (Point & { readonly low: number; readonly high: number })[]
  /** Names of the tones of `bars`. */
  readonly legend?: readonly string[]
}

const SIZE = { width: 420, height: 300, left: 52, right: 12, top: 12, bottom: 44 } as const
const TICKS = 5

/** A plot as inline SVG: no script, no font, no address of anything outside. Colours come from the page's own styles. */
export function svgPlot(plot: Plot): string {
  const x = scale(plot.x, SIZE.left, SIZE.width - SIZE.right)
  const y = scale(plot.y, SIZE.height - SIZE.bottom, SIZE.top)
  const parts = [
    ...ticks(plot.x).map((value) => {
      const at = x(value).toFixed(1)
      return `<line class="grid" x1="${at}" y1="${SIZE.top}" x2="${at}" y2="${SIZE.height - SIZE.bottom}"/><text class="tick" x="${at}" y="${SIZE.height - SIZE.bottom + 14}" text-anchor="middle">${number(value)}</text>`
    }),
    ...ticks(plot.y).map((value) => {
      const at = y(value).toFixed(1)
      return `<line class="grid" x1="${SIZE.left}" y1="${at}" x2="${SIZE.width - SIZE.right}" y2="${at}"/><text class="tick" x="${SIZE.left - 5}" y="${at}" dy="0.35em" text-anchor="end">${number(value)}</text>`
    }),
    ...(plot.bars ?? []).map(
      (bar) =>
        `<rect class="fill${bar.of}" x="${x(bar.from).toFixed(1)}" y="${y(bar.base + bar.height).toFixed(1)}" width="${Math.max(0, x(bar.to) - x(bar.from) - 1).toFixed(1)}" height="${Math.max(0, y(bar.base) - y(bar.base + bar.height)).toFixed(1)}"/>`,
    ),
    ...lineParts(plot.lines ?? [], x, y),
    ...(plot.marks ?? []).map((mark) => {
      const at = x(mark.x).toFixed(1)
      return `<line class="range" x1="${at}" y1="${y(mark.low).toFixed(1)}" x2="${at}" y2="${y(mark.high).toFixed(1)}"/><circle class="mark" cx="${at}" cy="${y(mark.y).toFixed(1)}" r="3.5"/>`
    }),
    `<text class="axis" x="${(SIZE.left + SIZE.width - SIZE.right) / 2}" y="${SIZE.height - 8}" text-anchor="middle">${escapeHtml(plot.x.label)}</text>`,
    `<text class="axis" transform="translate(13 ${(SIZE.top + SIZE.height - SIZE.bottom) / 2}) rotate(-90)" text-anchor="middle">${escapeHtml(plot.y.label)}</text>`,
  ]
  const names = [...(plot.lines ?? []).filter(({ guide }) => !guide).map(({ name }) => name), ...(plot.legend ?? [])]
  const legend =
    names.length < 2
      ? ''
      : `<ul class="legend">${names.map((name, i) => `<li class="${plot.legend ? `fill${i}` : `line${i}`}">${escapeHtml(name)}</li>`).join('')}</ul>`
  return `<figure><figcaption>${escapeHtml(plot.title)}</figcaption><svg viewBox="0 0 ${SIZE.width} ${SIZE.height}" role="img" aria-label="${escapeHtml(plot.title)}">${parts.join('')}</svg>${legend}</figure>`
}

function lineParts(lines: readonly Line[], x: (value: number) => number, y: (value: number) => number): string[] {
  let tone = 0
  return lines.map(({ points, guide }) => {
    const path = points
      .map((point, i) => `${i === 0 ? 'M' : 'L'}${x(point.x).toFixed(1)} ${y(point.y).toFixed(1)}`)
      .join('')
    return `<path class="${guide ? 'guide' : `line${tone++}`}" d="${path}"/>`
  })
}

/** One row of a chart of horizontal bars: a value, and its range where it has one. */
export interface Row {
  readonly name: string
  readonly value: number
  readonly low?: number
  readonly high?: number
}

/** Horizontal bars from 0, one a row. */
export function svgRows(title: string, label: string, rows: readonly Row[]): string {
  const height = 18 * rows.length + 44
  const values = rows.flatMap(({ value, low = value, high = value }) => [value, low, high])
  const axis = { label, from: Math.min(0, ...values), to: Math.max(1e-9, ...values) }
  const x = scale(axis, 210, 620)
  const parts = rows.map(({ name, value, low, high }, i) => {
    const at = 10 + 18 * i
    const [a, b] = [Math.min(x(0), x(value)), Math.max(x(0), x(value))]
    const range =
      low === undefined || high === undefined
        ? ''
        : `<line class="range" x1="${x(low).toFixed(1)}" y1="${at + 6}" x2="${x(high).toFixed(1)}" y2="${at + 6}"/>`
    return `<text class="tick" x="204" y="${at + 6}" dy="0.35em" text-anchor="end">${escapeHtml(name)}</text><rect class="fill${value < 0 ? 1 : 0}" x="${a.toFixed(1)}" y="${at}" width="${Math.max(0.5, b - a).toFixed(1)}" height="12"/>${range}`
  })
  const marks = ticks(axis).map(
    (value) =>
      `<line class="grid" x1="${x(value).toFixed(1)}" y1="4" x2="${x(value).toFixed(1)}" y2="${height - 34}"/><text class="tick" x="${x(value).toFixed(1)}" y="${height - 20}" text-anchor="middle">${number(value)}</text>`,
  )
  return `<figure class="wide"><figcaption>${escapeHtml(title)}</figcaption><svg viewBox="0 0 640 ${height}" role="img" aria-label="${escapeHtml(title)}">${marks.join('')}${parts.join('')}<text class="axis" x="415" y="${height - 4}" text-anchor="middle">${escapeHtml(label)}</text></svg></figure>`
}

function scale({ from, to }: Axis, start: number, end: number): (value: number) => number {
  const span = to - from || 1
  return (value) => start + ((Math.min(Math.max(value, from), to) - from) / span) * (end - start)
}

/** Round values within the axis. */
function ticks({ from, to }: Axis): number[] {
  const raw = (to - from) / TICKS
  if (!(raw > 0)) return [from]
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= raw)!
  const values: number[] = []
  for (let i = Math.ceil(from / step - 1e-9); i * step <= to + 1e-9 * step; i++) values.push(i * step)
  return values
}

function number(value: number): string {
  return String(Number(value.toPrecision(3)))
}
