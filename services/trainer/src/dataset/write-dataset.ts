import { FEATURE_TABLE_VERSION } from '@holdfast/core'
import type { EventSource } from '../source/event-source.ts'
import { iso } from './guard.ts'
import { formatOf, openRowWriter } from './output/row-writer.ts'
import { formatPopulation } from './population.ts'
import { createSnapshots, type RowsRequest, type SnapshotCounts, type Snapshots } from './snapshots.ts'

export interface WriteDatasetOptions extends RowsRequest {
  readonly source: EventSource
  /** `.parquet` or `.csv`. */
  readonly out: string
  /** Marks rows as train, gap and test around this instant, ms. */
  readonly splitAt?: number
  readonly onRow?: (rows: number) => void
}

export interface WrittenDataset extends SnapshotCounts {
  readonly rows: number
  readonly churned: number
  readonly byCutoff: readonly { readonly cutoff: string; readonly rows: number; readonly churned: number }[]
  /** ms */
  readonly until: number
}

/** One pass over the log into one file, which is there when it is complete and not before. */
export async function writeDataset(options: WriteDatasetOptions): Promise<WrittenDataset> {
  const { source, out } = options
  formatOf(out)
  const snapshots = createSnapshots(options)
  for await (const event of source) snapshots.add(event)
  return writeSnapshots(snapshots, out, options)
}

export interface WriteSnapshotsOptions extends RowsRequest {
  readonly splitAt?: number
  readonly mayBeEmpty?: boolean
  /** Told what was written just before the file gets its name. */
  readonly beforeNamed?: (made: Pick<WrittenDataset, 'rows' | 'churned' | 'byCutoff'>) => void
  readonly onRow?: (rows: number) => void
}

/** Rows between two looks at the rest of the world: heartbeats, signals. */
const EVERY_ROWS = 2_000

export async function writeSnapshots(
  snapshots: Snapshots,
  out: string,
  { splitAt, mayBeEmpty = false, beforeNamed, onRow, ...request }: WriteSnapshotsOptions,
): Promise<WrittenDataset> {
  const { horizonMs, population = { kind: 'ever' } } = request
  const until = request.until ?? snapshots.until()
  const counted = new Map<number, { rows: number; churned: number }>()
  const about = {
    'holdfast.featureTable': String(FEATURE_TABLE_VERSION),
    'holdfast.cutoffs': [...request.cutoffs]
      .sort((a, b) => a - b)
      .map(iso)
      .join(','),
    'holdfast.horizonDays': String(horizonMs / 86_400_000),
    'holdfast.population': formatPopulation(population),
    'holdfast.until': iso(until),
  }
  const rows = snapshots.rows({ mayBeEmpty })
  // Whatever is wrong with the request shows at the first row: before anything is opened.
  let next = rows.next()
  const writer = openRowWriter(out, { horizonMs, about, ...(splitAt !== undefined && { splitAt }) })
  try {
    for (; !next.done; next = rows.next()) {
      const row = next.value
      writer.write(row)
      const count = counted.get(row.cutoff) ?? { rows: 0, churned: 0 }
      count.rows++
      count.churned += row.label
      counted.set(row.cutoff, count)
      if (writer.rows % EVERY_ROWS === 0) {
        onRow?.(writer.rows)
        await new Promise(setImmediate)
      }
    }
    const byCutoff = [...counted].map(([cutoff, count]) => ({ cutoff: iso(cutoff), ...count }))
    const churned = byCutoff.reduce((sum, { churned }) => sum + churned, 0)
    const made = { rows: writer.rows, churned, byCutoff }
    beforeNamed?.(made)
    writer.end()
    return { ...snapshots.counts(), ...made, until }
  } catch (error) {
    writer.abort()
    throw error
  }
}
