export * from '../source/index.ts'
export { type BuildRowsRequest, buildRows, type DatasetRows } from './build-rows.ts'
export { endOfDay, parseInstant, parseSplit } from './guard.ts'
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
