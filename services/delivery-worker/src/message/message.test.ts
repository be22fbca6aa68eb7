import { type Job, jobSchema } from '@holdfast/contracts'
import { ACTION_KINDS, FEATURE_GROUPS, type Profile } from '@holdfast/core'
import { expect, test } from 'vitest'
import { mailOf, messageIdOf, smtpVerdict, unsubscribeLink } from '../channels/email.ts'
import { slackPayload } from '../channels/slack.ts'
import { webhookPayload } from '../channels/webhook.ts'
import { createComposer } from './message.ts'
import { fallbackChain, loadTemplates, OWN_TEMPLATES } from './templates.ts'

const templates = await loadTemplates(OWN_TEMPLATES)
const compose = createComposer({
  templates,
  teamLocale: 'en',
  shopName: 'Tea & <Co>',
  shopUrl: 'https://shop.example/?a=1&b=2',
})

function aJob(overrides: Partial<Job> = {}): Job {
  return jobSchema.parse({
    episodeId: 'at_risk.1793527200000.cust-1',
    customerId: 'cust-1',
    action: 'proactive-outreach',
    band: 'at_risk',
    enteredAt: 1_793_527_200_000,
    decidedAt: 1_793_527_300_000,
    probability: 0.834,
    expectedLossMinor: 123_405,
    currency: 'EUR',
    reasons: [
      { group: 'support', logit: 1.5, sentence: '3 tickets, 2 open, 1 complaint, 0 escalations' },
      { group: 'recency', logit: 0.5, sentence: 'last order 74 days ago; usually orders every 21 days' },
    ],
    modelVersion: 'v1',
    shard: { partition: 0 },
    ...overrides,
  })
}
const profile = (fields: Readonly<Record<string, string>>): Profile =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, [value, 0, 0]]))

const EVIL = '<script>alert(1)</script>"\'&{{ 7 | times: 7 }}<!channel>'

test('an alert says who, how likely, what is at stake, why, and what to try', () => {
  const { alert, suggestion } = compose(aJob(), profile({ name: 'Anna Vogel', tier: 'gold', ownerId: 'agent-3' }))
  expect(alert.subject).toBe('At risk: Anna Vogel, €1,234.05 at stake')
  for (const text of [alert.text, alert.html, alert.slack]) {
    expect(text).toContain('Anna Vogel')
    expect(text).toContain('cust-1')
    expect(text).toContain('gold')
    expect(text).toContain('agent-3')
    expect(text).toContain('83 %')
    expect(text).toContain('€1,234.05')
    expect(text).toContain('last order 74 days ago; usually orders every 21 days')
    expect(text).toContain(suggestion)
  }
  expect(suggestion).toBe(templates.suggestion('en', 'proactive-outreach', 'support'))
})

test('there is something to try for every group of reasons', () => {
  for (const action of ACTION_KINDS) {
    const tips = FEATURE_GROUPS.map((group) => templates.suggestion('en', action, group))
    expect(new Set(tips).size).toBe(FEATURE_GROUPS.length)
    expect(templates.suggestion('te-IN', action, 'a group of tomorrow')).toBe(
      templates.suggestion('en', action, 'other'),
    )
  }
})

test('what customers call themselves is text, in HTML, in Slack and in headers', () => {
  const job = aJob({ customerId: EVIL })
  const message = compose(job, profile({ name: `${EVIL}\r\nBcc: everybody@example.org`, email: 'a@example.org' }))
  const winBack = message.winBack('https://shop.example/no?c=1')
  for (const html of [message.alert.html, winBack.html]) {
    expect(html).not.toContain('<script')
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
    expect(html).not.toContain('49')
  }
  expect(winBack.html).toContain('Tea &amp; &lt;Co&gt;')
  expect(JSON.stringify(slackPayload(message).blocks[1])).not.toMatch(/<!channel>|<script/)
  expect(slackPayload(message).text).not.toContain('<')
  for (const subject of [message.alert.subject, winBack.subject]) expect(subject).not.toMatch(/[\r\n]/)
})

test('Slack makes no links of a name, and a long one is not cut through the middle of a character', () => {
  const payload = slackPayload(compose(aJob(), profile({ name: 'https://evil.example' })))
  expect(payload.blocks[1]).toMatchObject({ text: { type: 'mrkdwn', verbatim: true } })
  for (const filler of ['', 'a']) {
    const long = slackPayload(compose(aJob(), profile({ name: `${filler}${'😀'.repeat(2_000)}` })))
    expect(JSON.stringify(long.blocks).isWellFormed()).toBe(true)
    expect(JSON.stringify(long.blocks)).not.toMatch(/\\ud[89a-f]/)
  }
  for (let filler = 0; filler < 6; filler++) {
    const escaped = slackPayload(compose(aJob(), profile({ name: `${'a'.repeat(filler)}${'<'.repeat(1_000)}` })))
    expect(JSON.stringify(escaped.blocks[1])).not.toMatch(/&[a-z]{0,3}…/)
  }
})

test('a win-back is in the language of the profile: te-IN, else te, else English', () => {
  expect(fallbackChain('te-IN')).toEqual(['te-in', 'te', 'en'])
  expect(fallbackChain('zh_Hant_TW')).toEqual(['zh-hant-tw', 'zh-hant', 'zh', 'en'])
  expect(fallbackChain('en-GB')).toEqual(['en-gb', 'en'])
  expect(fallbackChain('../../etc/passwd')).toEqual(['en'])
  const subjectFor = (locale: string) => compose(aJob(), profile({ name: 'Ravi', locale })).winBack('').subject
  expect(subjectFor('te-IN')).toContain('గారూ')
  expect(subjectFor('te-IN')).toBe(subjectFor('te'))
  expect(subjectFor('de-DE')).toBe('Ravi, we have missed you at Tea & <Co>')
  expect(compose(aJob(), profile({ locale: 'te-IN' })).winBack('').html).toContain('<html lang="te">')
})

test('a win-back tells the customer nothing of scores, and how to get no more of it', () => {
  const message = compose(
    aJob({ action: 'reactivation', band: 'lapsed' }),
    profile({ name: 'Anna', email: 'anna@example.org' }),
  )
  const link = (id: string) => unsubscribeLink('https://shop.example/no?c={customer}&t={token}', 'key', id)
  const mail = mailOf(message, { from: 'Shop <hello@shop.example>', to: undefined, unsubscribeUrl: link })
  expect(mail).toMatchObject({ to: { address: 'anna@example.org' }, subject: expect.stringContaining('Anna') })
  for (const text of [String(mail?.text), String(mail?.html)]) {
    expect(text).not.toMatch(/83|1,234|74 days|episode/i)
    expect(text).toContain('https://shop.example/no?c=cust-1')
  }
  expect(mail?.headers).toMatchObject({
    'List-Unsubscribe': { value: `<${link('cust-1')}>` },
    'List-Unsubscribe-Post': { value: 'List-Unsubscribe=One-Click' },
  })
  expect(link('cust-1')).not.toBe(link('cust-2').replace('cust-2', 'cust-1'))
})

test('only one plain address is written to', () => {
  const options = { from: 'hello@shop.example', to: undefined, unsubscribeUrl: () => 'https://shop.example/no' }
  const mailTo = (email: string) => mailOf(compose(aJob(), profile({ email })), options)
  expect(mailTo('anna@example.org')).toBeDefined()
  for (const bad of [
    'a@b.example, c@d.example',
    'a@b.example\r\nBcc: x@y.example',
    'Anna <a@b.example>',
    'nobody',
    '',
  ]) {
    expect(mailTo(bad)).toBeUndefined()
  }
})

test('every attempt at an episode has the same Message-ID, and other episodes have others', () => {
  const id = messageIdOf('at_risk.1.cust-1', 'Shop <hello@shop.example>')
  expect(id).toBe(messageIdOf('at_risk.1.cust-1', 'hello@shop.example'))
  expect(id).toMatch(/^<hf\.[0-9a-f]{40}@shop\.example>$/)
  expect(messageIdOf('at_risk.2.cust-1', 'hello@shop.example')).not.toBe(id)
})

test('a webhook says the same in numbers, in decimal money and without the address', () => {
  const payload = webhookPayload(compose(aJob(), profile({ name: 'Anna', email: 'anna@example.org' })))
  expect(payload).toMatchObject({
    type: 'customer.at_risk',
    data: {
      episodeId: 'at_risk.1793527200000.cust-1',
      customer: { id: 'cust-1', name: 'Anna' },
      probability: 0.834,
      expectedLoss: { amount: '1234.05', currency: 'EUR' },
    },
  })
  expect(JSON.stringify(payload)).not.toContain('anna@example.org')
  expect(compose(aJob({ expectedLossMinor: 7 }), {}).stake.amount).toBe('0.07')
})

test('SMTP: a final no is final, all else may pass', () => {
  const smtp = (responseCode: number | undefined, code: string) =>
    smtpVerdict(Object.assign(new Error('x'), { responseCode, code })).kind
  expect(smtp(550, 'EENVELOPE')).toBe('rejected')
  expect(smtp(554, 'EMESSAGE')).toBe('rejected')
  expect(smtp(451, 'EMESSAGE')).toBe('retry')
  expect(smtp(535, 'EAUTH')).toBe('retry')
  expect(smtp(undefined, 'ETIMEDOUT')).toBe('retry')
})
