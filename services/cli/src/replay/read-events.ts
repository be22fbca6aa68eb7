import { HoldfastError } from '@holdfast/platform'
import type { Env } from '../config.ts'
import type { Outgoing } from '../events/outgoing.ts'
import { type BadRow, type Imported, importRows } from '../import/import-rows.ts'
import { prepareImport } from '../import/prepare.ts'
import { rowsOf } from '../import/rows-of.ts'

/** An event of the log that is replayed. */
export interface TimedEvent {
  /** When it happened, ms. */
  readonly at: number
  readonly event: Outgoing
}

export interface ReplayLog {
  /** At least one, by time; those of one instant in the order of the file. All in memory: about 1 kB each. */
  readonly events: readonly TimedEvent[]
  /** First and last, ms. */
  readonly from: number
  readonly to: number
  readonly imported: Imported
}

/**
 * A file as the events that its map makes of it, in the order of their times: whatever format and grouping an import takes.
 * @throws HoldfastError REPLAY_EMPTY; and whatever `prepareImport` throws
 */
export async function readReplayLog(
  file: string,
  mapFile: string,
  env: Env,
  onBadRow: (bad: BadRow) => void = () => {},
): Promise<ReplayLog> {
  const prepared = await prepareImport(mapFile, env, [file])
  const events: TimedEvent[] = []
  const imported = await importRows(rowsOf([file], prepared.eventMap), {
    ...prepared,
    onBadRow,
    onEvent: (event) => void events.push({ at: event.at, event }),
  })
  // A stable sort: the same file gives the same order on every start.
  events.sort((a, b) => a.at - b.at)
  const [first, last] = [events[0], events.at(-1)]
  if (first === undefined || last === undefined) {
    throw new HoldfastError({
      code: 'REPLAY_EMPTY',
      message: `${file} has ${imported.rows} rows, and ${mapFile} makes no good event of any`,
      cure: 'see what it makes of the first rows: npx holdfast import FILE --map MAP --dry-run.',
    })
  }
  return { events, from: first.at, to: last.at, imported }
}
