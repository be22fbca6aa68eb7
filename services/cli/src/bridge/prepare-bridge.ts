import { readFile } from 'node:fs/promises'
import { createDecoder, createMapper, parseEventMap } from '@holdfast/contracts'
import { HoldfastError } from '@holdfast/platform'
import { type Env, readSettings } from '../config.ts'
import { fileUnreadable } from '../errors.ts'
import { requireCurrencies } from '../import/import-rows.ts'

/**
 * A map as a bridge needs it.
 * @throws HoldfastError FILE_UNREADABLE, CURRENCY_UNKNOWN, MAP_NOT_LIVE; SettingsError, which lists the faults of the map
 */
export async function prepareBridge(mapFile: string, env: Env) {
  const text = await readFile(mapFile, 'utf8').catch((cause: unknown) => Promise.reject(fileUnreadable(mapFile, cause)))
  const eventMap = parseEventMap(text, mapFile)
  if (eventMap.group !== undefined) {
    throw new HoldfastError({
      code: 'MAP_NOT_LIVE',
      message: `${mapFile} groups rows, and nobody can know of a live topic whether more rows of an order are to come`,
      cure: 'bridge a topic with one record an order, or import files with this map.',
    })
  }
  const { BASE_CURRENCY: base, CURRENCY_RATES: rates } = readSettings(env)
  requireCurrencies(eventMap, base, rates)
  return { eventMap, map: createMapper(eventMap, { mayLackColumns: true }), decode: createDecoder({ base, rates }) }
}
