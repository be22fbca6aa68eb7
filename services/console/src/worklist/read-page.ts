import type { WorklistBand } from '@holdfast/contracts'
import { type CustomerState, decodeState, type Profile } from '@holdfast/core'
import type { RedisClient } from '@holdfast/platform'
import { parseProfile } from '../profile.ts'
import type { Shards } from '../shards.ts'
import { byPlace, type Place } from './cursor.ts'
import { pageScript } from './page-script.ts'

export interface Listed {
  readonly id: string
  readonly shard: number
  readonly state: CustomerState
  readonly profile: Profile
}

export interface WorklistPage {
  /** By priority. Who has left the band since the worklist was read is not among them. */
  readonly customers: readonly Listed[]
  /** The last place of the page; undefined where nobody comes after it. */
  readonly next: Place | undefined
}

export interface PageRequest {
  readonly client: RedisClient
  readonly shards: Shards
  readonly band: WorklistBand
  readonly limit: number
  readonly after: Place | undefined
}

/** The next customers of a band over all shards: as much is read of each shard as the page could need of it. */
export async function readPage({ client, shards, band, limit, after }: PageRequest): Promise<WorklistPage> {
  // One more than asked for tells whether there is another page.
  const args = [limit + 1, after === undefined ? '' : String(after.priority), after?.id ?? '']
  const perShard = await shards.all(({ keys }) => pageScript.run(client, { worklist: keys.worklist[band] }, args))
  const places = perShard
    .flatMap((page, shard) => page.map((place) => ({ ...place, shard })))
    .sort(byPlace)
    .slice(0, limit + 1)
  const page = places.slice(0, limit)
  const found = new Map<string, Listed>()
  await Promise.all(
    [...new Set(page.map(({ shard }) => shard))].map(async (shard) => {
      const ids = page.flatMap((place) => (place.shard === shard ? [place.id] : []))
      for (const listed of await readCustomers(shards, shard, ids)) found.set(listed.id, listed)
    }),
  )
  return {
    customers: page.flatMap(({ id }) => {
      const listed = found.get(id)
      return listed?.state.decided?.band === band ? [listed] : []
    }),
    next: places.length > limit ? page.at(-1) : undefined,
  }
}

async function readCustomers(shards: Shards, shard: number, ids: readonly string[]): Promise<Listed[]> {
  const [states, profiles] = await shards.on(shard, (reader) => Promise.all([reader.states(ids), reader.profiles(ids)]))
  return ids.flatMap((id, i) => {
    const state = states[i]
    return state ? [{ id, shard, state: decodeState(state), profile: parseProfile(profiles[i]) }] : []
  })
}
