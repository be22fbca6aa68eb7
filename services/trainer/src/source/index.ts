import type { Decode } from '@holdfast/contracts'
import type { EventSource } from './event-source.ts'
import { type FileSourceOptions, openFiles } from './files.ts'
import { openRecords, type RecordSourceOptions } from './records.ts'
import { type TopicRecordsOptions, topicRecords } from './topic-records.ts'

export type { EventSource, SourceCounts } from './event-source.ts'
export { decodeAny, type FileSourceOptions } from './files.ts'
export { fileLines } from './lines.ts'
export type { RecordSourceOptions } from './records.ts'

export { inputRoles, isAtHome, recordTimeOf, type TopicRecordsOptions, topicRecords } from './topic-records.ts'

export interface TopicSourceOptions extends TopicRecordsOptions {
  readonly decode: Decode
}

export type SourceSpec =
  | ({ readonly kind: 'files' } & FileSourceOptions)
  | ({ readonly kind: 'kafka' } & TopicSourceOptions)
  | ({ readonly kind: 'records' } & RecordSourceOptions)

/** A log to read: files, the topics themselves up to where they end now, or what somebody else reads. */
export function openSource(spec: SourceSpec): EventSource {
  switch (spec.kind) {
    case 'files':
      return openFiles(spec)
    case 'kafka':
      return openRecords({ name: 'the topics', decode: spec.decode, records: () => topicRecords(spec) })
    case 'records':
      return openRecords(spec)
  }
}
