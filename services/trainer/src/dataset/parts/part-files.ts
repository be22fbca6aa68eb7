import { existsSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { RowFileFormat } from '../output/row-writer.ts'

/** What one partition came to; beside its part. */
const partSchema = z.object({
  partition: z.number(),
  rows: z.number(),
  churned: z.number(),
  customers: z.number(),
  events: z.number(),
  invalid: z.number(),
  skipped: z.number(),
  firstInvalid: z.string().optional(),
  firstKnownAt: z.number().optional(),
  byCutoff: z.array(z.object({ cutoff: z.string(), rows: z.number(), churned: z.number() })).readonly(),
})
export type Part = z.output<typeof partSchema>

/** The parts of a folder, one a partition. A part that is there is complete. */
export interface PartFiles {
  pathOf(partition: number): string
  isDone(partition: number): boolean
  /** Before the part itself takes its name. */
  describe(part: Part): void
  read(partition: number): Part
  /** Deletes all parts, and the folder if nothing else is in it. */
  remove(partitions: number): void
}

export function partFiles(dir: string, format: RowFileFormat): PartFiles {
  const base = (partition: number) => join(dir, `part-${String(partition).padStart(5, '0')}`)
  const pathOf = (partition: number) => `${base(partition)}.${format}`
  return {
    pathOf,
    isDone: (partition) => existsSync(pathOf(partition)),
    describe: (part) => writeFileSync(`${base(part.partition)}.json`, JSON.stringify(part)),
    read: (partition) => partSchema.parse(JSON.parse(readFileSync(`${base(partition)}.json`, 'utf8'))),
    remove(partitions) {
      for (let partition = 0; partition < partitions; partition++) {
        rmSync(pathOf(partition), { force: true })
        rmSync(`${base(partition)}.json`, { force: true })
      }
      try {
        rmdirSync(dir)
      } catch {
        // Something else is in it.
      }
    },
  }
}
