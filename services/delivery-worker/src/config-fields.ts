import { as } from '@holdfast/platform'
import { z } from 'zod'
import { CHANNEL_NAMES, type ChannelName } from './channels/channel.ts'

/** Without a password: whoever posts names the address in errors. */
export const httpUrl = () =>
  z
    .string()
    .refine(
      (text) => text === '' || (/^https?:$/.test(protocolOf(text)) && !hasCredentials(text)),
      'expected http://… or https://…, without a name and password before the host',
    )

const hasCredentials = (text: string): boolean => new URL(text).username !== '' || new URL(text).password !== ''

export const protocolOf = (text: string): string => (URL.canParse(text) ? new URL(text).protocol : '')

/** Standard Webhooks: 24 to 64 random bytes in Base64, with or without the prefix. */
export const webhookSecret = () =>
  z
    .string()
    .refine(
      (text) => text === '' || isSecret(text),
      'expected whsec_ and 24 to 64 random bytes in Base64, such as openssl rand -base64 32 makes them',
    )

function isSecret(text: string): boolean {
  const body = text.replace(/^whsec_/, '')
  const bytes = Buffer.from(body, 'base64')
  return bytes.toString('base64') === body && bytes.length >= 24 && bytes.length <= 64
}

export const mailbox = () =>
  z.string().refine((text) => text === '' || MAILBOX.test(text), 'expected address@domain, or Name <address@domain>')

/** One address, with a name or without; nothing that could begin another header. */
const MAILBOX = /^(?:[^<>,;:"\r\n]+ <[^\s<>@,;]+@[^\s<>@,;]+>|[^\s<>@,;]+@[^\s<>@,;]+)$/

export function isLocale(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text).length === 1
  } catch {
    return false
  }
}

export const channels = (queue: string) => ({
  parse: as.list().transform((names, context): readonly ChannelName[] => {
    const known = CHANNEL_NAMES.filter((name) => names.includes(name))
    if (known.length === new Set(names).size) return known
    context.addIssue({ code: 'custom', message: `expected some of ${CHANNEL_NAMES.join(', ')}` })
    return z.NEVER
  }),
  default: '',
  unit: 'channel, …',
  says: `Channels that each job of ${queue} goes to (webhook, slack, email); empty leaves the queue to others.`,
})
