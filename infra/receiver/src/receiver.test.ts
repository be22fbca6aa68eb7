import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HoldfastError } from '@holdfast/platform'
import { testLog } from '@holdfast/testing'
import { Webhook } from 'standardwebhooks'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { receivedSchema, startReceiver } from './index.ts'

const SECRET = `whsec_${Buffer.from('an oracle of thirty-two bytes...').toString('base64')}`
const OLD_SECRET = `whsec_${Buffer.from('another oracle of as many bytes.').toString('base64')}`

const listSchema = z.object({ total: z.number(), messages: z.array(receivedSchema) })

async function receiver(env: Record<string, string> = {}) {
  const folder = env.RECEIVER_DIR ?? mkdtempSync(join(tmpdir(), 'holdfast-receiver-'))
  const started = await startReceiver(
    { RECEIVER_DIR: folder, RECEIVER_WEBHOOK_SECRET: `${OLD_SECRET},${SECRET}`, ...env },
    testLog,
  )
  onTestFinished(async () => {
    await started.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    fetch(`${started.httpUrl}${path}`, { method: 'POST', body, headers, redirect: 'manual' })
  return {
    ...started,
    folder,
    post,
    webhook(id: string, text = 'hello', path = '/webhooks/support') {
      const body = JSON.stringify({ type: 'customer.at_risk', data: { text } })
      const now = new Date()
      return post(path, body, {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
        'webhook-signature': new Webhook(SECRET).sign(id, now, body),
      })
    },
    fault: (fault: object) => post('/faults', JSON.stringify(fault), { 'content-type': 'application/json' }),
    list: async (query = '') => listSchema.parse(await (await fetch(`${started.httpUrl}/messages${query}`)).json()),
  }
}

test('a webhook by one of the secrets is taken; a forged one, or one without a signature, is refused and shown', async () => {
  const { webhook, post, list, httpUrl } = await receiver()
  expect((await webhook('right')).status).toBe(200)
  const now = new Date()
  const forged = await post('/webhooks/support', '{"type":"x","data":{"text":"forged"}}', {
    'webhook-id': 'forged',
    'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
    'webhook-signature': new Webhook(SECRET).sign('forged', now, '{}'),
  })
  expect(forged.status).toBe(401)
  expect((await post('/webhooks/support', 'not JSON at all')).status).toBe(401)
  const { messages } = await list()
  expect(messages.map(({ idempotencyKey, verified, outcome }) => ({ idempotencyKey, verified, outcome }))).toEqual([
    { idempotencyKey: undefined, verified: false, outcome: 'refused' },
    { idempotencyKey: 'forged', verified: false, outcome: 'refused' },
    { idempotencyKey: 'right', verified: true, outcome: 'taken' },
  ])
  expect(await (await fetch(httpUrl)).text()).toMatch(/signature verified[\s\S]*/)
  expect(await (await fetch(httpUrl)).text()).toContain('not verified: ')
})

test('the page shows what arrived as text, whatever it says', async () => {
  const { webhook, httpUrl } = await receiver()
  await webhook('evil', '<img src=x onerror=alert(1)>&"\'')
  const response = await fetch(httpUrl)
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
  const page = await response.text()
  expect(page).not.toContain('<img')
  expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;&amp;')
})

test('messages are found by their key, the newest first, as many as asked for', async () => {
  const { webhook, list, httpUrl } = await receiver()
  const key = 'at_risk.1.cust%2F42'
  for (const id of ['first', key, 'last', key]) await webhook(id)
  expect((await list('?limit=2')).messages.map(({ idempotencyKey }) => idempotencyKey)).toEqual([key, 'last'])
  const found = await (await fetch(`${httpUrl}/messages/${encodeURIComponent(key)}`)).json()
  expect(
    z
      .object({ messages: z.array(receivedSchema) })
      .parse(found)
      .messages.map(({ number }) => number),
  ).toEqual([2, 4])
  expect((await fetch(`${httpUrl}/messages/nothing`)).status).toBe(404)
  for (const bad of ['0', 'ten', '10001']) expect((await fetch(`${httpUrl}/messages?limit=${bad}`)).status).toBe(400)
})

test('a restart keeps what arrived, passes over a line that was cut short, and goes on counting', async () => {
  const before = await receiver()
  await before.webhook('one')
  await before.webhook('two')
  await before.stop()
  appendFileSync(before.file, '{"number":3,"receivedAt":"2026-')
  const after = await receiver({ RECEIVER_DIR: before.folder })
  await after.webhook('three')
  const { total, messages } = await after.list()
  expect(total).toBe(3)
  expect(messages.map(({ idempotencyKey, number }) => `${number} ${idempotencyKey}`)).toEqual([
    '3 three',
    '2 two',
    '1 one',
  ])
  expect(readFileSync(after.file, 'utf8').trim().split('\n')).toHaveLength(4)
})

test('memory keeps the newest only, the file keeps all', async () => {
  const { webhook, list, httpUrl } = await receiver({ RECEIVER_KEEP: '3' })
  for (let i = 1; i <= 5; i++) await webhook(`message-${i}`)
  const { total, messages } = await list()
  expect([total, messages.length]).toEqual([5, 3])
  expect((await fetch(`${httpUrl}/messages/message-1`)).status).toBe(200)
})

test('it misbehaves on the path that a test asks for, so often, and behaves again', async () => {
  const { webhook, fault, list } = await receiver()
  await fault({ path: '/webhooks/support', kind: 'status', status: 410, times: 2 })
  const elsewhere = await webhook('other', 'x', '/webhooks/marketing')
  expect([
    elsewhere.status,
    (await webhook('a')).status,
    (await webhook('a')).status,
    (await webhook('a')).status,
  ]).toEqual([200, 410, 410, 200])
  await fault({ path: '/webhooks/support', kind: 'take-and-close', times: 1 })
  await expect(webhook('lost')).rejects.toThrow()
  await fault({ path: '/webhooks/support', kind: 'close-midway', times: 1 })
  await expect(webhook('cut')).rejects.toThrow()
  await fault({ path: '/webhooks/support', kind: 'redirect', location: '/x', times: 1 })
  expect((await webhook('moved')).headers.get('location')).toBe('/x')
  const outcomes = (await list()).messages.map(({ idempotencyKey, outcome }) => `${idempotencyKey} ${outcome}`)
  expect(outcomes.slice(0, 3)).toEqual(['moved fault', 'cut fault', 'lost taken'])
  expect((await fault({ path: '/x', kind: 'explode' })).status).toBe(400)
})

test('a body that is too large is refused, and kept by nobody', async () => {
  const { post, list } = await receiver()
  expect((await post('/webhooks/support', 'x'.repeat(300_000))).status).toBe(413)
  expect((await list()).total).toBe(0)
})

test('e-mail arrives by SMTP, decoded', async () => {
  const { smtpUrl, list } = await receiver()
  const { hostname, port } = new URL(smtpUrl)
  await speakSmtp(hostname, Number(port), [
    'EHLO test',
    'MAIL FROM:<hello@shop.example>',
    'RCPT TO:<anna@example.org>',
    'DATA',
    'From: Shop <hello@shop.example>\r\nTo: anna@example.org\r\nSubject: =?UTF-8?B?w4RwZmVs?=\r\nX-Holdfast-Episode: lapsed.1.anna\r\n\r\nHello there\r\n.',
    'QUIT',
  ])
  expect((await list()).messages).toMatchObject([
    {
      kind: 'email',
      outcome: 'taken',
      to: 'anna@example.org',
      from: 'hello@shop.example',
      subject: 'Äpfel',
      idempotencyKey: 'lapsed.1.anna',
      text: expect.stringContaining('Hello there'),
    },
  ])
})

test('other machines are not let in', async () => {
  await expect(startReceiver({ RECEIVER_HOST: '0.0.0.0', RECEIVER_DIR: tmpdir() }, testLog)).rejects.toThrow(
    HoldfastError,
  )
})

/** One line after the other, each when the last was answered. */
function speakSmtp(host: string, port: number, lines: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const left = [...lines]
    const socket = connect(port, host)
    socket.setEncoding('utf8')
    socket.on('error', reject)
    socket.on('close', () => resolve())
    socket.on('data', (answer: string) => {
      if (/^[45]/m.test(answer)) return reject(new Error(answer))
      // The last line of an answer has no dash.
      if (/^\d{3} /m.test(answer)) socket.write(`${left.shift() ?? ''}\r\n`)
    })
  })
}
