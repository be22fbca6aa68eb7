import type { RunStateReading } from '@holdfast/local'
import { nothingRunning, usageError } from '../errors.ts'

/**
 * Where a service that `up` started here answers.
 * @throws HoldfastError NOTHING_RUNNING, USAGE for a name that no running service with an address has
 */
export function urlOf(reading: RunStateReading, name: string): string {
  if (reading.kind !== 'running') {
    throw nothingRunning('no services were started here', 'start them with "npm start" or "npx holdfast up".')
  }
  const addresses = new Map(reading.state.services.flatMap((s) => (s.url === undefined ? [] : [[s.name, s.url]])))
  const url = addresses.get(name)
  if (url === undefined) throw usageError(`no service is called ${name}; there are ${[...addresses.keys()].join(', ')}`)
  return url
}
