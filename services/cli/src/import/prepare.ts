import { readFile } from 'node:fs/promises'
import { createDecoder, createMapper, parseEventMap } from '@holdfast/contracts'
import { type Env, readSettings } from '../config.ts'
import { fileUnreadable } from '../errors.ts'
import { requireCurrencies } from './import-rows.ts'
import { mayLackColumns } from './rows-of.ts'

/**
 * A map, and what is needed to hold its events against the contract; `basis` is all that decides what a row becomes.
 * @param files that the map is for, where that is known: rows of JSON may leave out what is empty
 * @throws HoldfastError FILE_UNREADABLE, CURRENCY_UNKNOWN; SettingsError, which lists the faults of the map
 */
export async function prepareImport(mapFile: string, env: Env, files: readonly string[] = []) {
  const text = await readFile(mapFile, 'utf8').catch((cause: unknown) => Promise.reject(fileUnreadable(mapFile, cause)))
  const eventMap = parseEventMap(text, mapFile)
  const { BASE_CURRENCY: base, CURRENCY_RATES: rates } = readSettings(env)
  requireCurrencies(eventMap, base, rates)
  return {
    eventMap,
    map: createMapper(eventMap, { mayLackColumns: files.length > 0 && mayLackColumns(files, eventMap) }),
    decode: createDecoder({ base, rates }),
    now: Date.now,
    basis: JSON.stringify([text, base, rates]),
  }
}
