import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { dataFolder, type Say } from '@holdfast/local'
import type { Env } from '../config.ts'
import { day, plural } from '../output/text.ts'
import { readReplayLog } from '../replay/read-events.ts'
import { readAnyReplay, requireSameLog } from '../replay/replay-record.ts'
import type { Feed } from './run-plan.ts'

const DAY_MS = 86_400_000

export interface StartOfReplay {
  /** The midnight (UTC) before the first event: where the clock begins, ms. */
  readonly beginsAt: number
  /** The midnight after the last one: where it stops, ms. */
  readonly endsAt: number
}

/**
 * Reads the log once before anything is started, and says what is in it.
 * @throws HoldfastError REPLAY_OF_ANOTHER_LOG, and whatever `readReplayLog` throws
 */
export async function startOfReplay(
  { file, map }: Extract<Feed, { kind: 'replay' }>,
  env: Env,
  say: Say,
): Promise<StartOfReplay> {
  const found = readAnyReplay(join(dataFolder('replay'), 'replay.json'))
  if (found !== undefined) requireSameLog(found, { file, map })
  const badFile = join(dataFolder('replay'), 'bad-rows.ndjson')
  await mkdir(dataFolder('replay'), { recursive: true })
  const bad = createWriteStream(badFile)
  const { events, from, to, imported } = await readReplayLog(file, map, env, (row) => {
    bad.write(`${JSON.stringify(row)}\n`)
  })
  await new Promise<void>((resolve, reject) => bad.once('error', reject).end(resolve))
  say(`${file}: ${plural(events.length, 'event')} from ${day(from)} to ${day(to)}`)
  if (imported.badRows > 0) say(`${plural(imported.badRows, 'bad row')} left out: see ${badFile}`)
  return { beginsAt: Math.floor(from / DAY_MS) * DAY_MS, endsAt: (Math.floor(to / DAY_MS) + 1) * DAY_MS }
}
