import { createHash, createHmac } from 'node:crypto'
import { asError } from '@holdfast/platform'
import { createTransport, type SendMailOptions } from 'nodemailer'
import type { Message } from '../message/message.ts'
import type { Attempt, Channel } from './channel.ts'
import { oneLine } from './http-post.ts'

export interface EmailOptions {
  /** smtp:// or smtps:// */
  readonly smtpUrl: string
  readonly from: string
  readonly timeoutMs: number
  /** A team's address; undefined: the customer's own. */
  readonly to: string | undefined
  /** The customer's link to no more of it; undefined for what goes to a team. */
  unsubscribeUrl?(customerId: string): string
}

/** E-mail by SMTP, as text and as HTML: an alert to a team, or a win-back to the customer. */
export function createEmailChannel(options: EmailOptions): Channel {
  const { smtpUrl, timeoutMs } = options
  return {
    name: 'email',
    async send(message): Promise<Attempt> {
      const mail = mailOf(message, options)
      if (mail === undefined) return { kind: 'skipped', reason: 'no_address' }
      // A connection for each mail, so that one that hangs holds up no other.
      const transport = createTransport({
        url: smtpUrl,
        connectionTimeout: timeoutMs,
        greetingTimeout: timeoutMs,
        socketTimeout: timeoutMs,
        dnsTimeout: timeoutMs,
      })
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<Attempt>((resolve) => {
        timer = setTimeout(() => resolve({ kind: 'retry', reason: `no answer within ${timeoutMs} ms` }), timeoutMs)
      })
      const sent = transport.sendMail(mail).then((): Attempt => ({ kind: 'delivered' }), smtpVerdict)
      try {
        return await Promise.race([sent, late])
      } finally {
        clearTimeout(timer)
        transport.close()
      }
    },
  }
}

/** The mail, or undefined where nobody can be written to. */
export function mailOf(
  message: Message,
  options: Omit<EmailOptions, 'smtpUrl' | 'timeoutMs'>,
): SendMailOptions | undefined {
  const { job, address, alert, winBack } = message
  const { from, to, unsubscribeUrl } = options
  const unsubscribe = unsubscribeUrl?.(job.customerId)
  const common = {
    from,
    messageId: messageIdOf(job.episodeId, from),
    headers: {
      'Auto-Submitted': 'auto-generated',
      'X-Holdfast-Episode': { prepared: true, value: job.episodeId.slice(0, 900) },
      ...(unsubscribe !== undefined && {
        // RFC 2369, and RFC 8058 for one click.
        'List-Unsubscribe': { prepared: true, value: `<${unsubscribe}>` },
        'List-Unsubscribe-Post': { prepared: true, value: 'List-Unsubscribe=One-Click' },
      }),
    },
    // Templates name no files and no addresses to fetch from.
    disableFileAccess: true,
    disableUrlAccess: true,
  }
  if (to !== undefined) return { ...common, to, subject: alert.subject, text: alert.text, html: alert.html }
  if (address === undefined) return undefined
  const { subject, text, html } = winBack(unsubscribe ?? '')
  return { ...common, to: { name: '', address }, subject, text, html }
}

/** The same for every attempt: mail servers and readers drop the repetition. */
export function messageIdOf(episodeId: string, from: string): string {
  const domain = /@([A-Za-z0-9.-]+)>?$/.exec(from)?.[1] ?? 'holdfast.invalid'
  return `<hf.${createHash('sha256').update(episodeId).digest('hex').slice(0, 40)}@${domain}>`
}

/** Fills the customer into the address that the settings name. */
export function unsubscribeLink(template: string, secret: string, customerId: string): string {
  const token = template.includes('{token}') ? createHmac('sha256', secret).update(customerId).digest('base64url') : ''
  return template.replaceAll('{customer}', encodeURIComponent(customerId)).replaceAll('{token}', token)
}

/** 5xx is the server's last word on this mail (RFC 5321, 4.2.1); everything else may pass, also a password that is wrong now. */
export function smtpVerdict(thrown: unknown): Attempt {
  const error = asError(thrown)
  const status = 'responseCode' in error ? Number(error.responseCode) : 0
  const code = 'code' in error ? String(error.code) : ''
  const isFinal = status >= 500 && status < 600 && code !== 'EAUTH'
  return {
    kind: isFinal ? 'rejected' : 'retry',
    reason: status > 0 ? `SMTP ${status}` : `no answer: ${code || error.name}`,
    detail: oneLine(error.message).slice(0, 200),
  }
}
