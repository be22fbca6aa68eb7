import type { EventSource } from './event-source.ts'
import { type FileSourceOptions, openFiles } from './files.ts'
import { openRecords, type RecordSourceOptions } from './records.ts'

export type { EventSource, SourceCounts } from './event-source.ts'
export { decodeAny, type FileSourceOptions } from './files.ts'
export { fileLines } from './lines.ts'
export type { RecordSourceOptions } from './records.ts'

export type SourceSpec =
  | ({ readonly kind: 'files' } & FileSourceOptions)
  | ({ readonly kind: 'records' } & RecordSourceOptions)

/** A log to read, from files or from whoever reads its topics. */
export function openSource(spec: SourceSpec): EventSource {
  return spec.kind === 'files' ? openFiles(spec) : openRecords(spec)
}
