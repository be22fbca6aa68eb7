import { createQueue, createQueues } from '@holdfast/platform'
import { stopAfterTest, testLog, testRedis, uniqueName } from '@holdfast/testing'
import { expect, inject, onTestFinished, test } from 'vitest'

interface Payload {
  readonly customerId: string
  readonly amounts: readonly number[]
}

async function testQueue() {
  const { client } = await testRedis(inject('redisUrls'))
  const queue = stopAfterTest(
    createQueue<Payload>({ client, name: uniqueName('queue'), prefix: '{hf-test}', log: testLog }),
  )
  onTestFinished(() => queue.bull.obliterate({ force: true }))
  return queue
}

const job = (id: string, amount = 1) => ({ id, data: { customerId: id, amounts: [amount] } })

test('an id is taken once, and the first payload stays', async () => {
  const queue = await testQueue()
  await queue.add([job('a', 1), job('b', 2)])
  await queue.add([job('b', 3), job('c', 4)])
  expect(await queue.bull.getJobCounts('waiting')).toEqual({ waiting: 3 })
  expect((await queue.bull.getJob('b'))?.data).toEqual({ customerId: 'b', amounts: [2] })
  await queue.add([])
})

test('a job knows its delay, its priority, its attempts and how long it is kept', async () => {
  const queue = await testQueue()
  await queue.add([
    { ...job('late'), delayMs: 60_000 },
    { ...job('urgent'), priority: 1 },
  ])
  expect(await queue.bull.getJobCounts('delayed', 'prioritized')).toEqual({ delayed: 1, prioritized: 1 })
  expect((await queue.bull.getJob('urgent'))?.opts).toMatchObject({
    attempts: 5,
    removeOnComplete: { age: 604_800 },
    removeOnFail: { age: 2_592_000 },
  })
})

test('an id with a colon is refused, and with it nothing of the batch is queued', async () => {
  const queue = await testQueue()
  await expect(queue.add([job('fine'), job('a:b')])).rejects.toThrow(':')
  expect(await queue.bull.getJobCounts('waiting')).toEqual({ waiting: 0 })
})

test('queues of several names keep to themselves', async () => {
  const { client } = await testRedis(inject('redisUrls'))
  const names = ['outreach', 'reactivation'] as const
  const prefix = `{${uniqueName('hf-test')}}` as const
  const { of, stop } = createQueues<Record<(typeof names)[number], Payload>>({ client, names, prefix, log: testLog })
  onTestFinished(async () => {
    for (const name of names) await of[name].bull.obliterate({ force: true })
    await stop()
  })
  await of.outreach.add([job('a')])
  await of.reactivation.add([job('a'), job('b')])
  expect(await of.outreach.bull.getJobCounts('waiting')).toEqual({ waiting: 1 })
  expect(await of.reactivation.bull.getJobCounts('waiting')).toEqual({ waiting: 2 })
})
