import { ensureTopics, type TopicPlan } from '@holdfast/platform'
import { makeTopics, testKafka, uniqueName } from '@holdfast/testing'
import { expect, inject, onTestFinished, test } from 'vitest'

const brokers = inject('kafkaBrokers')
const NOW = Date.UTC(2026, 10, 21)

async function planned(plan: Partial<TopicPlan> = {}) {
  const admin = testKafka(brokers).admin()
  await admin.connect()
  const whole: TopicPlan = {
    inputs: ['purchases', 'support'].map(uniqueName),
    changes: [uniqueName('changes')],
    deadLetters: [uniqueName('dead')],
    partitions: 3,
    replicationFactor: -1,
    now: NOW,
    ...plan,
  }
  onTestFinished(async () => {
    const present = await admin.listTopics()
    const made = [...whole.inputs, ...whole.changes, ...whole.deadLetters].filter((topic) => present.includes(topic))
    await admin.deleteTopics({ topics: made })
    await admin.disconnect()
  })
  return { admin, plan: whole }
}

async function settingsOf(admin: Awaited<ReturnType<typeof planned>>['admin'], topic: string) {
  const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type: 2, name: topic }] })
  return Object.fromEntries(resources[0]?.configEntries.map((entry) => [entry.configName, entry.configValue]) ?? [])
}

test('what is missing is made: inputs for ever, changes compacted, dead letters larger; a second time nothing happens', async () => {
  const { admin, plan } = await planned()
  const report = await ensureTopics(admin, plan)
  expect(report.partitions).toBe(3)
  expect(report.topics.every(({ created, partitions }) => created && partitions === 3)).toBe(true)
  expect(report.topics.flatMap(({ warnings }) => warnings)).toEqual([])

  const input = await settingsOf(admin, plan.inputs[0] ?? '')
  const changes = await settingsOf(admin, plan.changes[0] ?? '')
  const dead = await settingsOf(admin, plan.deadLetters[0] ?? '')
  expect(input).toMatchObject({ 'retention.ms': '-1', 'cleanup.policy': 'delete' })
  expect(changes).toMatchObject({ 'cleanup.policy': 'compact' })
  expect(dead).toMatchObject({ 'retention.ms': '-1', 'cleanup.policy': 'delete' })
  expect(Number(dead['max.message.bytes'])).toBeGreaterThan(Number(input['max.message.bytes']))

  const again = await ensureTopics(admin, plan)
  expect(again.topics.some(({ created }) => created)).toBe(false)
})

test('a topic of somebody else stays as it is, gives its count to the rest, and tells what it forgets', async () => {
  const week = 7 * 86_400_000
  const theirs = await makeTopics(brokers, ['theirs'], 2, {
    'retention.ms': String(week),
    'cleanup.policy': 'compact,delete',
    'max.message.bytes': '3000000',
  })
  const { admin, plan } = await planned()
  const [topic = ''] = theirs
  const report = await ensureTopics(admin, { ...plan, inputs: [topic, ...plan.inputs] })
  expect(report.partitions).toBe(2)
  expect(report.topics[0]).toMatchObject({ topic, created: false, retentionMs: week, seesFrom: NOW - week })
  expect(report.topics[0]?.warnings).toEqual([
    `${topic} keeps 7 days (retention.ms): rebuild and training see nothing before 2026-11-14.`,
    `${topic} is compacted: of each customer only the newest event stays, so rebuild and training lose history.`,
  ])
  expect(await settingsOf(admin, topic)).toMatchObject({ 'retention.ms': String(week) })
  const dead = await settingsOf(admin, plan.deadLetters[0] ?? '')
  expect(Number(dead['max.message.bytes'])).toBeGreaterThan(3_000_000)
})

test('inputs of different counts are refused before anything is made', async () => {
  const [three = ''] = await makeTopics(brokers, ['three'], 3)
  const [two = ''] = await makeTopics(brokers, ['two'], 2)
  const { admin, plan } = await planned()
  await expect(ensureTopics(admin, { ...plan, inputs: [three, two] })).rejects.toMatchObject({
    code: 'KAFKA_PARTITIONS_DIFFER',
    message: expect.stringContaining(`${three} has 3, ${two} has 2`),
    cure: expect.stringContaining(`give ${two} 3 partitions`),
  })
  expect(await admin.listTopics()).not.toContain(plan.deadLetters[0])
})
