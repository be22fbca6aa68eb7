import { asError } from '@holdfast/platform'
import type { Attempt } from './channel.ts'

export interface PostOptions {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Until the status is there, ms. */
  readonly timeoutMs: number
}

/** No receiver may put us off for longer, ms. */
const LONGEST_WISH_MS = 86_400_000
/** Of what a receiver says about its refusal. */
const DETAIL_CHARACTERS = 200

/** One POST, which follows no redirect: whoever moved has to be configured anew, and not by an answer. Never throws. */
export async function httpPost({ url, headers, body, timeoutMs }: PostOptions): Promise<Attempt> {
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal })
    if (response.ok) {
      // What it says beside the status is of no interest, but holds the connection.
      await response.body?.cancel().catch(() => {})
      return { kind: 'delivered' }
    }
    const verdict = verdictOf(response.status, response.headers.get('retry-after'), Date.now())
    const detail = await detailOf(response)
    return detail === '' || verdict.kind === 'delivered' ? verdict : { ...verdict, detail }
  } catch (thrown) {
    return troubleOf(asError(thrown), timeoutMs)
  }
}

/** What a status means for the message (the rules of standardwebhooks.com, and of RFC 9110 for Retry-After). */
export function verdictOf(
  status: number,
  retryAfter: string | null,
  nowMs: number,
): Exclude<Attempt, { kind: 'skipped' }> {
  if (status >= 200 && status < 300) return { kind: 'delivered' }
  const reason = `HTTP ${status}`
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    const afterMs = status === 429 || status === 503 ? retryAfterMs(retryAfter, nowMs) : undefined
    return { kind: 'retry', reason, ...(afterMs !== undefined && { afterMs }) }
  }
  if (status >= 300 && status < 400) return { kind: 'rejected', reason: `${reason}, a redirect, which is not followed` }
  return { kind: 'rejected', reason: status === 410 ? `${reason}: the receiver wants no more messages` : reason }
}

/** Seconds or an HTTP date; undefined for what is neither. */
export function retryAfterMs(text: string | null, nowMs: number): number | undefined {
  if (text === null) return undefined
  const wish = /^\d{1,9}$/.test(text.trim()) ? Number(text) * 1_000 : Date.parse(text) - nowMs
  return Number.isNaN(wish) ? undefined : Math.min(LONGEST_WISH_MS, Math.max(0, wish))
}

/** The beginning of what the receiver says, on one line: it goes into logs and events. */
async function detailOf({ body }: Response): Promise<string> {
  if (body === null) return ''
  const decoder = new TextDecoder()
  let text = ''
  try {
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true })
      // Leaving the loop cancels the rest.
      if (text.length >= DETAIL_CHARACTERS) break
    }
  } catch {
    // It broke off in the middle of its excuse.
  }
  return oneLine(text).slice(0, DETAIL_CHARACTERS)
}

export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim()
}

function troubleOf(error: Error, timeoutMs: number): Attempt {
  if (error.name === 'TimeoutError') return { kind: 'retry', reason: `no answer within ${timeoutMs} ms` }
  const cause = error.cause === undefined ? error : asError(error.cause)
  const code = 'code' in cause ? String(cause.code) : cause.name
  return { kind: 'retry', reason: `no answer: ${code}`, detail: oneLine(cause.message).slice(0, DETAIL_CHARACTERS) }
}
