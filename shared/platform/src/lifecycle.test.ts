import { expect, test } from 'vitest'
import { createLifecycle } from './lifecycle.ts'

const component = (name: string, log: string[], stop: () => Promise<void> = async () => {}) => ({
  async stop() {
    log.push(name)
    await stop()
  },
})

test('stops in reverse order, runs every stop whatever fails, and only once', async () => {
  const log: string[] = []
  const lifecycle = createLifecycle()
  await lifecycle.start('redis', () => component('redis', log))
  await lifecycle.start('kafka', () => component('kafka', log, () => Promise.reject(new Error('broken pipe'))))
  lifecycle.onStop('thrower', () => {
    throw new Error('at once')
  })
  await lifecycle.start('http', async () => component('http', log))

  const [first, second] = await Promise.all([lifecycle.stop(), lifecycle.stop()])

  expect(log).toEqual(['http', 'kafka', 'redis'])
  expect(first.map(({ name, error }) => [name, error.message])).toEqual([
    ['thrower', 'at once'],
    ['kafka', 'broken pipe'],
  ])
  expect(second).toBe(first)
  expect(lifecycle.signal.aborted).toBe(true)
})

test('a stop that hangs is left behind at the deadline and those below it still run', async () => {
  const log: string[] = []
  const lifecycle = createLifecycle({ deadlineMs: 20 })
  await lifecycle.start('below', () => component('below', log))
  await lifecycle.start('stuck', () => component('stuck', log, () => new Promise(() => {})))
  const failures = await lifecycle.stop()
  expect(log).toEqual(['stuck', 'below'])
  expect(failures.map(({ name }) => name)).toEqual(['stuck'])
})

test('what finishes starting while the whole is stopping is stopped again', async () => {
  const log: string[] = []
  const lifecycle = createLifecycle()
  const late = lifecycle.start('late', async () => {
    await lifecycle.stop()
    return component('late', log)
  })
  await expect(late).rejects.toThrow('the process is stopping')
  expect(log).toEqual(['late'])
  await expect(lifecycle.start('later', () => component('later', log))).rejects.toThrow('the process is stopping')
})
