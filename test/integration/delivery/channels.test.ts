import { anEvent, aPurchase, eventually } from '@holdfast/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { customerOn, showWorkersOfFailedTests } from '../risk-worker/support.ts'
import { DAY, type DeliveryProcess, type DeliveryStage, openStage, SECRET } from './support.ts'

showWorkersOfFailedTests()

/** Several channels a queue: each gets its message once, whatever the others do. */

let stage: DeliveryStage
let delivery: DeliveryProcess

beforeAll(async () => {
  stage = await openStage()
  const { httpUrl, smtpUrl } = stage.receiver
  delivery = await stage.startDelivery({
    OUTREACH_CHANNELS: 'webhook,slack,email',
    OUTREACH_WEBHOOK_URL: `${httpUrl}/webhooks/support`,
    OUTREACH_WEBHOOK_SECRET: SECRET,
    OUTREACH_SLACK_URL: `${httpUrl}/slack/support`,
    OUTREACH_MAIL_TO: 'Support <support@shop.example>',
    REACTIVATION_CHANNELS: 'webhook,slack,email',
    REACTIVATION_SLACK_URL: `${httpUrl}/slack/marketing`,
    SMTP_URL: smtpUrl,
    MAIL_FROM: 'Our shop <hello@shop.example>',
    UNSUBSCRIBE_URL: 'https://shop.example/unsubscribe?c={customer}&t={token}',
    UNSUBSCRIBE_SECRET: 'a secret of ours',
    SHOP_NAME: 'Our Shop',
    DELIVERY_ATTEMPTS: '3',
    // Nothing hangs here but this machine: what is slow must not pass for lost.
    DELIVERY_TIMEOUT_MS: '20000',
    JOB_LOCK_MS: '30000',
  })
})
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.error(delivery.said())
  await stage.behave()
})
afterAll(() => stage?.close())

const isSettled = (id: string) =>
  eventually(() => expect(stage.outcomesOf(id).map(({ type }) => type)).toContain('action.delivered'))
const kindsOf = (id: string) => stage.takenOf(id).map(({ kind }) => kind)

test('a win-back goes to marketing by webhook and Slack, and to the customer in their language', async () => {
  const id = await stage.lapsedCustomer({ name: 'లక్ష్మి', email: 'lakshmi@example.org', locale: 'te-IN' })
  await isSettled(id)
  expect(kindsOf(id).toSorted()).toEqual(['email', 'slack', 'webhook'])
  const mail = stage.takenOf(id).find(({ kind }) => kind === 'email')
  expect(mail).toMatchObject({
    to: 'lakshmi@example.org',
    from: 'hello@shop.example',
    subject: expect.stringContaining('గారూ'),
  })
  expect(mail?.html).toContain('<html lang="te">')
  expect(mail?.text).toContain('నమస్కారం లక్ష్మి')
  expect(mail?.headers).toMatchObject({
    'list-unsubscribe': expect.stringMatching(/^<https:\/\/shop\.example\/unsubscribe\?c=.+&t=[\w-]{43}>$/),
    'list-unsubscribe-post': 'List-Unsubscribe=One-Click',
    'message-id': expect.stringMatching(/^<hf\.[0-9a-f]{40}@shop\.example>$/),
  })
  const slack = stage.takenOf(id).find(({ kind }) => kind === 'slack')
  expect(slack?.subject).toContain('లక్ష్మి')
})

test('who has no address, or one that is none, gets no mail, and the others do', async () => {
  const id = await stage.lapsedCustomer({ name: 'Max', email: 'max@example.org, all@example.org' })
  await isSettled(id)
  await eventually(async () => (await stage.queues.reactivation.bull.getJob(await stage.episodeOf(id)))?.isCompleted())
  expect(kindsOf(id).toSorted()).toEqual(['slack', 'webhook'])
  expect(stage.outcomesOf(id)).toEqual([{ type: 'action.delivered', reason: undefined }])
})

test('a channel that fails is tried again alone, and the cooldown runs from the first that took it', async () => {
  // Long enough for the delivery by the others to come back from the log: it must not hold back this one.
  await stage.misbehave({ path: '/slack/marketing', kind: 'status', status: 429, retryAfter: '2', times: 1 })
  await stage.misbehave({ path: 'smtp', kind: 'status', status: 451, times: 2 })
  const id = await stage.lapsedCustomer({ name: 'Eero', email: 'eero@example.org' })
  await eventually(() => expect(kindsOf(id).toSorted()).toEqual(['email', 'slack', 'webhook']))
  const attempts = (kind: string) => stage.receivedOf(id).filter((message) => message.kind === kind).length
  expect({ webhook: attempts('webhook'), slack: attempts('slack'), email: attempts('email') }).toEqual({
    webhook: 1,
    slack: 2,
    email: 3,
  })
  expect(stage.outcomesOf(id)).toEqual([{ type: 'action.delivered', reason: undefined }])
})

test('one channel that is given up: delivered by the others, failed in the log and kept for a person', async () => {
  await stage.misbehave({ path: '/slack/marketing', kind: 'status', status: 404 })
  await stage.misbehave({ path: 'smtp', kind: 'status', status: 550 })
  const id = await stage.lapsedCustomer({ name: 'Sara', email: 'sara@example.org' })
  await eventually(() =>
    expect(stage.outcomesOf(id)).toEqual([
      { type: 'action.delivered', reason: undefined },
      { type: 'action.failed', reason: 'slack: HTTP 404; email: SMTP 550' },
    ]),
  )
  const job = await stage.queues.reactivation.bull.getJob(await stage.episodeOf(id))
  await eventually(async () => job?.isFailed())

  await stage.behave()
  await job?.retry('failed')
  await eventually(() => expect(kindsOf(id).toSorted()).toEqual(['email', 'slack', 'webhook']))
  expect(stage.receivedOf(id).filter(({ kind }) => kind === 'webhook')).toHaveLength(1)
})

test('who comes to be at risk is brought to the support team: by webhook, Slack and e-mail', async () => {
  // One order and then silence: somewhere before the horizon it is a risk. Whoever came to be at risk within the action
  // horizon is to be contacted.
  const silences = Array.from({ length: 85 }, (_, i) => 2 + i)
  const ids = silences.map(() => customerOn(stage.shop))
  await stage.shop.send(
    ...ids.flatMap((customerId, i) => [
      anEvent('profile.updated', { name: 'Olivia Clarke', tier: 'gold' }, { customerId, time: Date.now() }),
      aPurchase({ customerId, time: Date.now() - silences[i]! * DAY }),
    ]),
  )
  const contacted = await eventually(() => ids.find((id) => kindsOf(id).length === 3), { timeoutMs: 60_000 })
  expect(kindsOf(contacted).toSorted()).toEqual(['email', 'slack', 'webhook'])
  const mail = stage.takenOf(contacted).find(({ kind }) => kind === 'email')
  expect(mail).toMatchObject({
    to: 'support@shop.example',
    subject: expect.stringMatching(/^At risk: Olivia Clarke, €[\d.,]+ at stake$/),
  })
  for (const word of [contacted, 'How likely: ', 'At stake: ', 'Why:', 'What to try: ', '1 order in all'])
    expect(mail?.text).toContain(word)
  expect(mail?.headers).not.toHaveProperty('list-unsubscribe')
  expect(stage.takenOf(contacted).map(({ idempotencyKey }) => idempotencyKey)).toEqual(
    Array(3).fill(mail?.idempotencyKey),
  )
})
