import type { Message } from '../message/message.ts'
import type { Attempt, Channel } from './channel.ts'
import { httpPost } from './http-post.ts'

export interface SlackOptions {
  readonly url: string
  readonly timeoutMs: number
}

/** What Slack takes of a header and of a section, characters. */
const HEADER_CHARACTERS = 150
const SECTION_CHARACTERS = 3_000

/** Slack's incoming webhook. It knows no idempotency key: a message whose answer got lost may come twice. */
export function createSlackChannel({ url, timeoutMs }: SlackOptions): Channel {
  return {
    name: 'slack',
    send: (message): Promise<Attempt> =>
      httpPost({
        url,
        timeoutMs,
        body: JSON.stringify(slackPayload(message)),
        headers: { 'content-type': 'application/json', 'user-agent': 'holdfast' },
      }),
  }
}

/** Block Kit; `text` is what notifications show. Verbatim, or Slack makes links of addresses that a customer calls a name. */
export function slackPayload({ job, alert }: Message) {
  return {
    text: escapeMrkdwn(alert.subject),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: cut(alert.subject, HEADER_CHARACTERS), emoji: false } },
      { type: 'section', text: { type: 'mrkdwn', text: cut(alert.slack, SECTION_CHARACTERS), verbatim: true } },
      {
        type: 'context',
        elements: [{ type: 'plain_text', text: cut(job.episodeId, SECTION_CHARACTERS), emoji: false }],
      },
    ],
  }
}

/** The three characters that mean something to Slack: without them nobody can mention a channel or forge a link. */
export function escapeMrkdwn(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function cut(text: string, most: number): string {
  if (text.length <= most) return text
  // Not through the middle of a character, which Slack refuses, nor of an escaped one.
  return `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$|&[a-z]{0,3}$/, '')}…`
}
