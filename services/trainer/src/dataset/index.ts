export * from '../source/index.ts'
export { type BuildRowsRequest, buildRows, type DatasetRows } from './build-rows.ts'
export { endOfDay, iso, parseCutoffs, parseHorizonMs, parseInstant, parseSplit } from './guard.ts'
export { formatOf, openRowWriter, type RowFileOptions, type RowWriter } from './output/row-writer.ts'
export type { Part } from './parts/part-files.ts'
export { type WritePartsOptions, type WrittenParts, writeParts } from './parts/write-parts.ts'
export { formatPopulation, parsePopulation, type RowPopulation } from './population.ts'
export {
  createSnapshots,
  FEATURE_NAMES,
  type Row,
  type RowsRequest,
  type SnapshotCounts,
  type Snapshots,
} from './snapshots.ts'
export { type Added, createStatesAt, type StatesAt } from './states-at.ts'
export { type WriteDatasetOptions, type WrittenDataset, writeDataset } from './write-dataset.ts'
