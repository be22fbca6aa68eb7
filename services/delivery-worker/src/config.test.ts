import { readConfig, topicsOf } from '@holdfast/platform'
import { expect, test } from 'vitest'
import { requireChannels, SETTINGS } from './config.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const read = (env: Readonly<Record<string, string>>) => readConfig(SETTINGS, env)

test('a channel without what it needs is a start-up error that lists all that is missing', () => {
  const config = read({
    OUTREACH_CHANNELS: 'slack,webhook',
    REACTIVATION_CHANNELS: 'email',
    SMTP_URL: 'smtp://127.0.0.1:25',
  })
  const missing = [
    'OUTREACH_WEBHOOK_URL',
    'OUTREACH_WEBHOOK_SECRET',
    'OUTREACH_SLACK_URL',
    'MAIL_FROM',
    'UNSUBSCRIBE_URL',
  ]
  for (const name of missing) expect(() => requireChannels(config)).toThrow(name)
  expect(() => requireChannels(config)).not.toThrow('SMTP_URL')
  expect(() => requireChannels(read({}))).toThrow('OUTREACH_CHANNELS or REACTIVATION_CHANNELS')
  const token = {
    REACTIVATION_CHANNELS: 'email',
    SMTP_URL: 'smtp://x',
    MAIL_FROM: 'a@b.example',
    UNSUBSCRIBE_URL: 'https://x/{token}',
  }
  expect(() => requireChannels(read(token))).toThrow('UNSUBSCRIBE_SECRET')
  expect(() => requireChannels(read({ ...token, UNSUBSCRIBE_SECRET: 'x' }))).not.toThrow()
})

test.each([
  ['OUTREACH_CHANNELS', 'webhook,pigeon'],
  ['OUTREACH_WEBHOOK_URL', 'ftp://example.org'],
  ['OUTREACH_WEBHOOK_URL', 'https://me:my-password@example.org'],
  ['OUTREACH_WEBHOOK_SECRET', 'whsec_short'],
  ['SMTP_URL', 'http://example.org'],
  ['MAIL_FROM', 'Shop <a@b.example>\r\nBcc: x@y.example'],
  ['OUTREACH_MAIL_TO', 'a@b.example, c@d.example'],
  ['TEAM_LOCALE', 'not a locale'],
])('%s=%j is refused by name', (name, value) => {
  expect(() => read({ [name]: value })).toThrow(name)
})

test('secrets are never printed', () => {
  expect(() => read({ OUTREACH_WEBHOOK_SECRET: 'my-dear-secret' })).toThrow(/^(?!.*my-dear-secret)/s)
  // An address of a webhook is often all that one needs to post there.
  expect(() => read({ REACTIVATION_WEBHOOK_URL: 'https://me:my-password@example.org' })).toThrow(/^(?!.*my-password)/s)
  expect(read({ OUTREACH_WEBHOOK_SECRET: SECRET }).OUTREACH_WEBHOOK_SECRET).toBe(SECRET)
})

test('topics that two roles share are refused', () => {
  expect(() => topicsOf(read({ TOPIC_SUPPORT: 'customer.purchases' }))).toThrow('customer.purchases')
})
