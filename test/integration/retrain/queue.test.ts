import { installationKeys, type queuePrefix, RETRAINING_QUEUE } from '@holdfast/contracts'
import { connectRedis, createQueueWorker, type RedisClient } from '@holdfast/platform'
import { eventually, testLog, uniqueName } from '@holdfast/testing'
import {
  askToRetrain,
  nextRun,
  type Outcome,
  openRetrainingQueue,
  retrainForDrift,
  retrainingStore,
  type Schedule,
  setSchedule,
} from '@holdfast/trainer'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'

/** The trainer's queue and record on a real Redis, without a trainer. */

let client: RedisClient
let disconnect: () => Promise<void>
const prefix = uniqueName('retrain-queue')

beforeAll(async () => {
  const redis = await connectRedis(inject('redisUrls'), { log: testLog, name: 'retrain-queue-test' })
  client = redis.client
  disconnect = redis.stop
})
afterAll(async () => {
  await client?.unlink(installationKeys(prefix).retraining)
  await disconnect?.()
})

async function withQueue<T>(work: (queue: ReturnType<typeof openRetrainingQueue>) => Promise<T>): Promise<T> {
  const queue = openRetrainingQueue({ client, prefix: uniqueName('retrain-queue'), log: testLog })
  try {
    return await work(queue)
  } finally {
    await queue.bull.obliterate({ force: true })
    await queue.stop()
  }
}

describe('a schedule', () => {
  const HOUR = 3_600_000
  const watch = { kind: 'watch' } as const
  const every = (ms: number): Schedule => ({ kind: 'every', ms })

  test('begins one interval from now, and a replica that starts later moves nothing', () =>
    withQueue(async (queue) => {
      const before = Date.now()
      await setSchedule(queue, 'watch', every(HOUR), watch)
      const next = (await nextRun(queue, 'watch'))!
      expect(next).toBeGreaterThanOrEqual(before + HOUR)
      expect(next).toBeLessThanOrEqual(Date.now() + HOUR)
      await setSchedule(queue, 'watch', every(HOUR), watch)
      expect(await nextRun(queue, 'watch')).toBe(next)
      expect(await queue.bull.getJobCounts('delayed', 'waiting')).toEqual({ delayed: 1, waiting: 0 })
      await setSchedule(queue, 'watch', every(2 * HOUR), watch)
      expect(await nextRun(queue, 'watch')).toBeGreaterThanOrEqual(before + 2 * HOUR)
      await setSchedule(queue, 'watch', { kind: 'off' }, watch)
      expect(await nextRun(queue, 'watch')).toBeUndefined()
      expect(await queue.bull.getJobCounts('delayed', 'waiting')).toEqual({ delayed: 0, waiting: 0 })
    }))

  test('that was missed while no trainer was there is made up for; one that Redis has forgotten comes again', () =>
    withQueue(async (queue) => {
      const seconds: Schedule = { kind: 'cron', pattern: '* * * * * *' }
      await setSchedule(queue, 'retrain', seconds, watch)
      const missed = (await nextRun(queue, 'retrain'))!
      await eventually(() => Date.now() > missed)
      await setSchedule(queue, 'retrain', seconds, watch)
      expect(await nextRun(queue, 'retrain')).toBe(missed)
      expect((await queue.bull.getJobs(['delayed', 'waiting'])).map(({ id }) => id)).toEqual([
        `repeat:retrain:${missed}`,
      ])

      await queue.bull.obliterate({ force: true })
      expect(await nextRun(queue, 'retrain')).toBeUndefined()
      await setSchedule(queue, 'retrain', seconds, watch)
      expect(await nextRun(queue, 'retrain')).toBeGreaterThan(missed)
    }))

  test('of cron goes by UTC; fields that name no time are refused', () =>
    withQueue(async (queue) => {
      await setSchedule(queue, 'retrain', { kind: 'cron', pattern: '0 3 * * 1' }, { kind: 'retrain', why: 'schedule' })
      const next = new Date((await nextRun(queue, 'retrain'))!)
      expect([next.getUTCDay(), next.getUTCHours(), next.getUTCMinutes()]).toEqual([1, 3, 0])
      const absurd = setSchedule(queue, 'retrain', { kind: 'cron', pattern: '99 3 * * 1' }, watch)
      await expect(absurd).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    }))
})

describe('a retraining', () => {
  test('that was asked for is the same one until it has ended; drift asks once within its rest', () =>
    withQueue(async (queue) => {
      const job = await askToRetrain(queue)
      expect(await askToRetrain(queue)).toBe(job)
      expect(await retrainForDrift(queue, 'x has drifted', 60_000)).toBe(true)
      expect(await retrainForDrift(queue, 'x has drifted', 60_000)).toBe(false)
      expect(await queue.bull.getWaitingCount()).toBe(2)
    }))

  test('runs alone, however many trainers there are', () =>
    withQueue(async (queue) => {
      await queue.bull.setGlobalConcurrency(1)
      let atOnce = 0
      let most = 0
      let done = 0
      const workers = [1, 2, 3].map(() =>
        createQueueWorker({
          ...{
            client,
            log: testLog,
            name: RETRAINING_QUEUE,
            prefix: queue.bull.opts.prefix as ReturnType<typeof queuePrefix>,
          },
          ...{ concurrency: 1, lockMs: 5_000 },
          async handle() {
            most = Math.max(most, ++atOnce)
            await new Promise((resolve) => setTimeout(resolve, 50))
            atOnce--
            done++
            return { kind: 'done' }
          },
        }),
      )
      for (const worker of workers) worker.start()
      await queue.bull.addBulk(Array.from({ length: 6 }, () => ({ name: 'retrain', data: { kind: 'watch' as const } })))
      await eventually(() => done === 6, { timeoutMs: 20_000 })
      await Promise.all(workers.map((worker) => worker.stop()))
      expect(most).toBe(1)
    }))
})

describe('the record', () => {
  const store = () => retrainingStore(client, prefix)
  const outcome = (job: string, kind: Outcome['kind'] = 'proposed'): Outcome => ({
    ...{ job, why: 'asked', kind, says: 'so' },
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:01:00.000Z',
  })
  const proposal = (version: string) => ({ version, digest: version, at: '2026-01-01T00:01:00.000Z', packed: '{}' })

  test('keeps one open proposal: a newer one takes its place, a promotion ends it, a refusal leaves it', async () => {
    await store().add(outcome('a'), proposal('v2'))
    await store().add(outcome('b'), proposal('v3'))
    await store().add(outcome('c', 'refused'))
    expect((await store().read()).open?.version).toBe('v3')
    await store().close('v2')
    expect((await store().read()).open?.version).toBe('v3')
    await store().close('v3')
    expect((await store().read()).open).toBeUndefined()
    await store().add(outcome('d'), proposal('v4'))
    await store().add(outcome('e', 'promoted'))
    const { open, outcomes } = await store().read()
    expect(open).toBeUndefined()
    expect(outcomes.map(({ job }) => job)).toEqual(['e', 'd', 'c', 'b', 'a'])
  })

  test('takes the first outcome of a job, forgets the oldest, and loses none of those that come at once', async () => {
    expect(await store().add(outcome('a', 'failed'))).toBe(false)
    const many = Array.from({ length: 15 }, (_, i) => `many-${i}`)
    expect(await Promise.all(many.map((job) => store().add(outcome(job, 'failed'))))).toEqual(many.map(() => true))
    const { outcomes } = await store().read()
    expect(new Set(outcomes.map(({ job }) => job))).toEqual(new Set([...many, 'a', 'b', 'c', 'd', 'e']))
    await store().add(outcome('one-more', 'failed'))
    expect((await store().read()).outcomes).toHaveLength(20)
  })

  test('that nobody here wrote is named, with the way out', async () => {
    await client.set(installationKeys(prefix).retraining, '{"outcomes":"none"}')
    await expect(store().read()).rejects.toMatchObject({ code: 'RETRAINING_RECORD_BROKEN' })
  })
})
