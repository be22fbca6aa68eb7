import { claimShard, connectRedis, type ShardChange } from '@holdfast/platform'
import { testLog } from '@holdfast/testing'
import { expect, onTestFinished, test } from 'vitest'
import { PrivateServices } from '../support/private-services.ts'

/*
 * A relay was given an outbox, or has read it, its jobs have been added, and Redis is put back to an instant before that. The
 * word to forget the entries was on its way and arrives at a Redis that holds the entries and has never seen the jobs: it must
 * not be obeyed.
 */
test('entries whose jobs were lost with an older Redis stay in its outbox', async () => {
  const services = await PrivateServices.start({ withKafka: false })
  onTestFinished(() => services.stop())
  const { client, stop } = await connectRedis([services.redisUrl], { log: testLog, name: 'restore' })
  onTestFinished(stop)
  const store = await claimShard({ client, prefix: 'hf', partition: 0 })
  const change = (header: string): ShardChange => ({
    customers: [],
    profiles: new Map(),
    counters: new Map(),
    outbox: [{ kind: 'job', header, value: Buffer.from('{}') }],
    meta: {},
  })
  const headers = async () => (await store.outbox(10)).map(({ header }) => header)

  await store.commit(0, change('first'))
  const copy = await services.copyRedis()
  const outcome = await store.commit(1, change('second'))
  const through = (await store.outbox(10)).at(-1)?.id ?? ''
  const run = await store.serverRun()
  expect(outcome).toMatchObject({ outbox: { serverRun: run, ids: [through] } })
  await services.killRedis()
  await services.restoreRedis(copy)
  expect(await store.dropOutbox(through, run)).toBe(false)
  expect(await headers()).toEqual(['first'])

  expect(await store.dropOutbox(through, await store.serverRun())).toBe(true)
  expect(await headers()).toEqual([])
})
