import { Webhook } from 'standardwebhooks'
import type { Message } from '../message/message.ts'
import type { Attempt, Channel } from './channel.ts'
import { httpPost } from './http-post.ts'

export interface WebhookOptions {
  readonly url: string
  /** `whsec_…` */
  readonly secret: string
  readonly timeoutMs: number
}

/** A webhook signed as standardwebhooks.com has it; its `webhook-id`, the idempotency key, is the id of the episode. */
export function createWebhookChannel({ url, secret, timeoutMs }: WebhookOptions): Channel {
  const signer = new Webhook(secret)
  return {
    name: 'webhook',
    send(message): Promise<Attempt> {
      const id = message.job.episodeId
      const now = new Date()
      const body = JSON.stringify(webhookPayload(message))
      return httpPost({
        url,
        timeoutMs,
        body,
        headers: {
          'content-type': 'application/json',
          'user-agent': 'holdfast',
          'webhook-id': id,
          'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
          'webhook-signature': signer.sign(id, now, body),
        },
      })
    },
  }
}

/** What a webhook carries: the alert in numbers and in words. The same for every attempt at one episode. */
export function webhookPayload({ job, customer, stake, alert, suggestion }: Message) {
  const { episodeId, customerId, action, band, probability, reasons, modelVersion } = job
  return {
    type: action === 'reactivation' ? 'customer.lapsed' : 'customer.at_risk',
    timestamp: new Date(job.decidedAt).toISOString(),
    data: {
      episodeId,
      action,
      customer: { ...customer, id: customerId },
      band,
      enteredAt: new Date(job.enteredAt).toISOString(),
      probability,
      expectedLoss: stake,
      reasons,
      suggestion,
      text: alert.text,
      modelVersion,
    },
  }
}
