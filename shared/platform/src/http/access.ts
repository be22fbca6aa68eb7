import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import { HoldfastError } from '../errors.ts'
import { Problem } from './problem.ts'

/** Who may come in: whoever has the token; where there is none, only this machine. */

export interface AccessRule {
  /** Empty for none: then only loopback. */
  readonly token: string
  /** The address to listen on. */
  readonly host: string
  /** Names the two variables in errors, such as `GATEWAY_TOKEN` and `GATEWAY_HOST`. */
  readonly tokenSetting: string
  readonly hostSetting: string
}

export interface AccessRequest {
  readonly authorization: string | undefined
  /** The Host header. */
  readonly host: string | undefined
  /** The Origin header: set by browsers, for other sites' pages too. */
  readonly origin: string | undefined
}

const MIN_TOKEN_CHARACTERS = 16

/**
 * @returns a check that throws a Problem, 401 or 403
 * @throws HoldfastError CONFIG_INVALID for an address that others reach without a token, or a token that can be guessed
 */
export function createAccessCheck(rule: AccessRule): (request: AccessRequest) => void {
  const { token, host, tokenSetting, hostSetting } = rule
  if (token === '') {
    if (isLoopback(host)) return checkLoopback
    throw new HoldfastError({
      code: 'CONFIG_INVALID',
      message: `${hostSetting}=${host} can be reached from other machines, and there is no token to keep strangers out`,
      cure: `set ${tokenSetting} to a long random text, or ${hostSetting} to 127.0.0.1.`,
    })
  }
  if (token.length < MIN_TOKEN_CHARACTERS || !/^[\x21-\x7e]+$/.test(token)) {
    throw new HoldfastError({
      code: 'CONFIG_INVALID',
      message: `${tokenSetting} is not at least ${MIN_TOKEN_CHARACTERS} printable ASCII characters without spaces`,
      cure: `make one with: openssl rand -hex 32`,
    })
  }
  const expected = digest(token)
  return ({ authorization }) => {
    const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
    if (given === undefined) throw unauthorised('send the header "Authorization: Bearer TOKEN".', 'Bearer')
    // Digests are of one length, so neither the comparison nor a length check tells how near a guess came.
    if (!timingSafeEqual(digest(given), expected)) {
      throw unauthorised('the bearer token is not the one that this service expects.', 'Bearer error="invalid_token"')
    }
  }

  /** A page from elsewhere in a browser on this machine comes over loopback too: by its origin, or by a name made to point here. */
  function checkLoopback({ host: named, origin }: AccessRequest): void {
    const foreign = foreignName(named, origin)
    if (foreign === undefined) return
    throw new Problem({
      status: 403,
      kind: 'loopback-only',
      detail: `without a token this service answers this machine only, and the request names ${JSON.stringify(foreign)}; set ${tokenSetting} to serve others.`,
    })
  }
}

/** True for an address that no other machine reaches. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, '$1').toLowerCase()
  if (name === 'localhost' || name === '::1') return true
  return (isIP(name) === 4 && name.startsWith('127.')) || name.startsWith('::ffff:127.')
}

function foreignName(host: string | undefined, origin: string | undefined): string | undefined {
  if (host !== undefined && host !== '' && !isLoopback(hostnameOf(`http://${host}`))) return host
  if (origin !== undefined && !isLoopback(hostnameOf(origin))) return origin
  return undefined
}

function hostnameOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : ''
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function unauthorised(detail: string, challenge: string): Problem {
  return new Problem({ status: 401, kind: 'unauthorised', detail, headers: { 'www-authenticate': challenge } })
}
