import type { IncomingHttpHeaders } from 'node:http'
import { refusal } from './read-events.ts'

const PREFIX = 'ce-'
/** Percent-decoded, an attribute is UTF-8; as it travels, it is ASCII. */
const TRAVELS = /^[\x20-\x7e]*$/

/**
 * An event whose attributes are headers and whose data is the body (CloudEvents 1.0.2, HTTP binding, 3.1).
 * @param data the body, parsed; undefined for none
 * @throws Problem 400 for a header that cannot be decoded
 */
export function readBinaryEvent(headers: IncomingHttpHeaders, data: unknown): Readonly<Record<string, unknown>> {
  const attributes = Object.entries(headers).flatMap(([name, value]): [string, unknown][] =>
    name.startsWith(PREFIX) && typeof value === 'string' ? [[name.slice(PREFIX.length), decoded(name, value)]] : [],
  )
  if (data !== undefined) attributes.push(['data', data])
  // Defines each as its own property, whatever it is called.
  return Object.fromEntries(attributes)
}

function decoded(name: string, value: string): string {
  if (!TRAVELS.test(value)) throw refusal(400, name, 'expected ASCII; percent-encode what is not')
  try {
    return decodeURIComponent(unquoted(value))
  } catch (cause) {
    throw refusal(400, name, `is not percent-encoded UTF-8: ${JSON.stringify(value.slice(0, 60))}`, cause)
  }
}

/** A value in double quotes is what it says between them (RFC 7230, 3.2.6). */
function unquoted(value: string): string {
  const inner = /^"(.*)"$/.exec(value)?.[1]
  return inner === undefined ? value : inner.replaceAll(/\\(.)/g, '$1')
}
