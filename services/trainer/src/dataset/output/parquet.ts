import { fileWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer'
import { FEATURE_NAMES } from '../snapshots.ts'
import type { RowFileOptions, RowFormat } from './row-writer.ts'

/** Rows of one group: some ten megabytes in hand, whatever the size of the file. */
const GROUP_ROWS = 10_000

const text = (name: string): SchemaElement => ({
  name,
  type: 'BYTE_ARRAY',
  converted_type: 'UTF8',
  repetition_type: 'REQUIRED',
})

/** customer_id, cutoff (timestamp), label (1: churned), split where asked for, and a double for each feature. */
export function openParquet(file: string, { splitAt, about }: RowFileOptions): RowFormat {
  const hasSplit = splitAt !== undefined
  const columns: SchemaElement[] = [
    text('customer_id'),
    { name: 'cutoff', type: 'INT64', converted_type: 'TIMESTAMP_MILLIS', repetition_type: 'REQUIRED' },
    { name: 'label', type: 'INT32', repetition_type: 'REQUIRED' },
    ...(hasSplit ? [text('split')] : []),
    ...FEATURE_NAMES.map((name): SchemaElement => ({ name, type: 'DOUBLE', repetition_type: 'REQUIRED' })),
  ]
  const writer = new ParquetWriter({
    writer: fileWriter(file),
    schema: [{ name: 'rows', num_children: columns.length }, ...columns],
    createdBy: 'holdfast',
    kvMetadata: Object.entries(about).map(([key, value]) => ({ key, value })),
  })
  let customerIds: string[] = []
  let cutoffs: Date[] = []
  let labels: number[] = []
  let splits: string[] = []
  const features = FEATURE_NAMES.map(() => new Float64Array(GROUP_ROWS))

  function flush(): void {
    const n = labels.length
    if (n === 0) return
    void writer.write({
      columnData: [
        { name: 'customer_id', data: customerIds },
        { name: 'cutoff', data: cutoffs },
        { name: 'label', data: labels },
        ...(hasSplit ? [{ name: 'split', data: splits }] : []),
        ...FEATURE_NAMES.map((name, f) => ({ name, data: features[f]!.subarray(0, n) })),
      ],
      rowGroupSize: n,
    })
    customerIds = []
    cutoffs = []
    labels = []
    splits = []
  }

  return {
    write({ customerId, cutoff, label, vector }, split) {
      const at = labels.length
      customerIds.push(customerId)
      cutoffs.push(new Date(cutoff))
      labels.push(label)
      if (split !== undefined) splits.push(split)
      for (let f = 0; f < features.length; f++) features[f]![at] = vector[f]!
      if (at + 1 === GROUP_ROWS) flush()
    },
    end() {
      flush()
      void writer.finish()
    },
  }
}
