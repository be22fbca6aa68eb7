import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { HoldfastError } from '@holdfast/platform'
import { z } from 'zod'

/** Which log is replayed into which cluster, and how far it has come: what lets it go on after a restart. */
const replayRecordSchema = z.object({
  file: z.string(),
  map: z.string(),
  /** Events of the log. */
  events: z.int().min(1),
  /** Of those, how many are known to be in the topics. */
  sent: z.int().min(0),
  clusterId: z.string(),
  /** One of the topics: another installation in the same cluster has a replay of its own. */
  topic: z.string(),
})
export type ReplayRecord = z.infer<typeof replayRecordSchema>

/** Undefined where there is none, or the file tells of another cluster. */
export function readReplay(path: string, place: Pick<ReplayRecord, 'clusterId' | 'topic'>): ReplayRecord | undefined {
  const record = readAnyReplay(path)
  return record?.clusterId === place.clusterId && record.topic === place.topic ? record : undefined
}

export function readAnyReplay(path: string): ReplayRecord | undefined {
  try {
    return replayRecordSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return undefined
  }
}

/** Replaces the file at once: a crash leaves the old one or the new one. */
export function writeReplay(path: string, record: ReplayRecord): void {
  mkdirSync(dirname(path), { recursive: true })
  const partial = `${path}.${process.pid}`
  writeFileSync(partial, `${JSON.stringify(record, null, 2)}\n`)
  renameSync(partial, path)
}

/** Two logs in one folder would be one log of nobody. @throws HoldfastError REPLAY_OF_ANOTHER_LOG */
export function requireSameLog(found: ReplayRecord, asked: Pick<ReplayRecord, 'file' | 'map'>): void {
  if (found.file === asked.file && found.map === asked.map) return
  throw new HoldfastError({
    code: 'REPLAY_OF_ANOTHER_LOG',
    message: `what stands here is a replay of ${found.file} with ${found.map}`,
    cure: 'go on with that one, forget it with --fresh, or take another folder (HOLDFAST_HOME).',
  })
}
