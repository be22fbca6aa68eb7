import type { Job } from '@holdfast/contracts'
import type { Profile } from '@holdfast/core'
import { oneLine } from '../channels/http-post.ts'
import type { Mail, Templates } from './templates.ts'

/** Everything that a channel may need to say. */
export interface Message {
  readonly job: Job
  /** Of the profile, as far as it is known. */
  readonly customer: {
    readonly name?: string
    readonly locale?: string
    readonly tier?: string
    readonly ownerId?: string
  }
  /** The customer's own e-mail address, if it is one. */
  readonly address: string | undefined
  /** What is expected to be lost; the amount is a decimal string. */
  readonly stake: { readonly amount: string; readonly currency: string }
  /** What to try, in the team's language. */
  readonly suggestion: string
  /** For a team: who, how likely, what is at stake, why, and what to try. */
  readonly alert: Mail & { readonly slack: string }
  /** For the customer, without a word of scores. @param unsubscribeUrl of this customer */
  winBack(unsubscribeUrl: string): Mail
}

export interface ComposeOptions {
  readonly templates: Templates
  readonly teamLocale: string
  readonly shopName: string
  readonly shopUrl: string
}

/** One address and nothing else: no list, no name, no line end that could begin another header. */
const ADDRESS = /^[^\s<>()[\]\\,;:"@]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$/

/** Makes messages of jobs. Pure, but for the templates that were read before. */
export function createComposer({ templates, teamLocale, shopName, shopUrl }: ComposeOptions) {
  return function compose(job: Job, profile: Profile): Message {
    const name = said(profile.name)
    const locale = said(profile.locale)
    const customer = {
      ...(name !== undefined && { name }),
      ...(locale !== undefined && { locale }),
      ...(profile.tier !== undefined && { tier: oneLine(profile.tier[0]) }),
      ...(profile.ownerId !== undefined && { ownerId: oneLine(profile.ownerId[0]) }),
    }
    const email = profile.email?.[0].trim()
    const group = job.reasons[0]?.group ?? 'recency'
    const suggestion = templates.suggestion(teamLocale, job.action, group)
    const stake = { amount: decimal(job.expectedLossMinor), currency: job.currency }
    const context = {
      action: job.action,
      band: job.band,
      customerId: oneLine(job.customerId),
      name: name ?? '',
      tier: customer.tier ?? '',
      ownerId: customer.ownerId ?? '',
      percent: Math.round(job.probability * 100),
      stake: moneyText(job.expectedLossMinor, job.currency, teamLocale),
      reasons: job.reasons.map(({ sentence }) => sentence),
      suggestion,
      enteredOn: new Date(job.enteredAt).toISOString().slice(0, 10),
      episodeId: job.episodeId,
    }
    return {
      job,
      customer,
      address: email !== undefined && ADDRESS.test(email) ? email : undefined,
      stake,
      suggestion,
      alert: templates.alert(teamLocale, context),
      winBack: (unsubscribeUrl) =>
        templates.winBack(locale ?? teamLocale, { name: name ?? '', group, shopName, shopUrl, unsubscribeUrl }),
    }
  }
}

export type Compose = ReturnType<typeof createComposer>

function said(entry: Profile['name']): string | undefined {
  const text = entry === undefined ? '' : oneLine(entry[0])
  return text === '' ? undefined : text
}

function decimal(minor: number): string {
  const digits = String(Math.round(minor)).padStart(3, '0')
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`
}

function moneyText(minor: number, currency: string, locale: string): string {
  return new Intl.NumberFormat(locale, { style: 'currency', currency, minimumFractionDigits: 2 }).format(minor / 100)
}
