import type { EventType } from '@holdfast/core'
import {
  type Cell,
  createCell,
  createFilter,
  createTimeColumn,
  createValue,
  fill,
  type Row,
  RowFault,
} from './apply-map-values.ts'
import type { EventMap } from './event-map.ts'
import { type CloudEvent, EVENT_SCHEMAS } from './events.ts'

export type { Row } from './apply-map-values.ts'

/** What a row gives: its events (none where no `when` fits), or what is wrong with it. */
export type Mapped =
  | { readonly kind: 'events'; readonly events: readonly CloudEvent[] }
  | { readonly kind: 'error'; readonly reason: string }

/** @param number of the row, from 1 */
export type ApplyMap = (row: Row, number: number) => Mapped

/** Holds what a map made against the contract. */
function check(type: EventType, candidate: unknown): CloudEvent {
  const parsed = EVENT_SCHEMAS[type].safeParse(candidate)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new RowFault(`${type}: ${issue?.path.join('.')}: ${issue?.message}`)
}

function createMaker(map: EventMap, spec: EventMap['events'][number], cell: Cell) {
  const fits = createFilter(spec.when, cell)
  const time = createTimeColumn(spec.time ?? map.time, cell)
  const recorded = spec.recorded === undefined ? undefined : createTimeColumn(spec.recorded, cell)
  const fields = Object.entries(spec.data).map(([name, value]) => [name, createValue(value, cell, map.time)] as const)

  return function make(row: Row, number: number): CloudEvent[] {
    if (!fits(row)) return []
    const data = Object.fromEntries(fields.map(([name, read]) => [name, read(row, number)]))
    const id = fill(cell, spec.id, row, number)
    const subject = fill(cell, map.subject, row, number)
    const envelope = { specversion: '1.0', id, source: map.source, type: spec.type, subject, time: time(row) }
    return [check(spec.type, { ...envelope, ...(recorded && { recordedtime: recorded(row) }), data })]
  }
}

export interface MapperOptions {
  /** Rows are objects, which may leave out what is empty; else a missing column is a fault. Default false. */
  readonly mayLackColumns?: boolean
}

/**
 * Makes of a map the function that turns rows into events. Every event that comes out is one that the contract takes. Rows of
 * one group must have been made one before (`createGrouper`).
 */
export function createMapper(map: EventMap, { mayLackColumns = false }: MapperOptions = {}): ApplyMap {
  const cell = createCell({ mayLack: mayLackColumns })
  const fits = createFilter(map.when, cell)
  const makers = map.events.map((spec) => createMaker(map, spec, cell))

  return function applyMap(row, number) {
    try {
      return { kind: 'events', events: fits(row) ? makers.flatMap((make) => make(row, number)) : [] }
    } catch (error) {
      if (error instanceof RowFault) return { kind: 'error', reason: error.message }
      throw error
    }
  }
}

/** What the columns of a map are made of, for whoever reads only some of a file's: every column that it names. */
export function columnsOf(map: EventMap): ReadonlySet<string> {
  const columns = new Set<string>()
  const template = (text: string) => {
    for (const [, column = ''] of text.matchAll(/\{([^{}]+)\}/g)) if (column !== '#') columns.add(column)
  }
  template(map.subject)
  columns.add(map.time.column)
  for (const column of Object.keys(map.when ?? {})) columns.add(column)
  for (const { multiply } of Object.values(map.computed)) for (const column of multiply) columns.add(column)
  for (const column of [...(map.group?.by ?? []), ...(map.group?.sum ?? [])]) columns.add(column)
  for (const { id, time, recorded, when, data } of map.events) {
    template(id)
    for (const spec of [time, recorded]) if (spec !== undefined) columns.add(spec.column)
    for (const column of Object.keys(when ?? {})) columns.add(column)
    for (const value of Object.values(data)) {
      if (typeof value === 'string') template(value)
      else if (typeof value === 'object') columns.add(value.column)
    }
  }
  for (const made of [...Object.keys(map.computed), map.group?.count]) if (made !== undefined) columns.delete(made)
  return columns
}
