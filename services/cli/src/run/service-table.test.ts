import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolder, repositoryRoot } from '@holdfast/local'
import { expect, test } from 'vitest'
import type { RunPlan } from './run-plan.ts'
import { SERVICES, type ServiceContext } from './service-table.ts'

const LIVE: RunPlan = {
  mode: 'live',
  env: {},
  feed: { kind: 'shop', customers: 10 },
  rate: undefined,
  modelMaySend: false,
}

const namesOf = (plan: RunPlan, shards = 4) =>
  SERVICES.filter(({ isPartOf }) => isPartOf(plan, shards)).map(({ name }) => name)

test('every service is one that exists, once, after those that it waits for', () => {
  const seen = new Set<string>()
  for (const { name, entry, after } of SERVICES) {
    expect(seen.has(name), name).toBe(false)
    for (const other of after) expect(seen.has(other), `${name} after ${other}`).toBe(true)
    seen.add(name)
    const source = entry.replace('/dist/', '/src/').replace(/\.js$/, '.ts')
    expect(existsSync(join(repositoryRoot(), source)), source).toBe(true)
  }
})

test('a run has what its feed needs, and a receiver unless channels are named', () => {
  expect(namesOf(LIVE)).toEqual([
    'risk-worker',
    'risk-worker-2',
    'shop',
    'receiver',
    'delivery-worker',
    'gateway',
    'console',
    'trainer',
  ])
  expect(namesOf({ ...LIVE, feed: { kind: 'none' } })).not.toContain('shop')
  expect(namesOf({ ...LIVE, feed: { kind: 'replay', file: 'f', map: 'm' } })).toContain('replay')
  expect(namesOf({ ...LIVE, env: { OUTREACH_CHANNELS: 'slack' } })).not.toContain('receiver')
})

test('no more risk-workers are started than there are shards', () => {
  const workersOn = (shards: number) => namesOf(LIVE, shards).filter((name) => name.startsWith('risk-worker'))
  expect([1, 2, 3].map(workersOn)).toEqual([
    ['risk-worker'],
    ['risk-worker', 'risk-worker-2'],
    ['risk-worker', 'risk-worker-2'],
  ])
})

test('deliveries go to the receiver of this machine, unless somebody named another', () => {
  const worker = SERVICES.find(({ name }) => name === 'delivery-worker')
  const context = (env: RunPlan['env']): ServiceContext => ({
    plan: { ...LIVE, env },
    webhookSecret: 'whsec_x',
    url: (name) => `http://127.0.0.1:1/${name}`,
    port: () => 25,
  })
  const here = worker?.env(context({})) ?? {}
  const addresses = Object.entries(here).filter(([name]) => name.endsWith('_URL'))
  expect(addresses).toHaveLength(4)
  for (const [name, address] of addresses) expect(address, name).toContain('//127.0.0.1:')
  expect(worker?.env(context({ OUTREACH_CHANNELS: 'slack' }))).toEqual({})
})

test('what the trainer makes lies with the data of the run, unless somebody named a folder', () => {
  const trainer = SERVICES.find(({ name }) => name === 'trainer')
  const context = (env: RunPlan['env']): ServiceContext => ({
    plan: { ...LIVE, env },
    webhookSecret: 'whsec_x',
    url: () => '',
    port: () => 0,
  })
  expect(trainer?.env(context({}))).toEqual({ MODELS_DIR: join(dataFolder('live'), 'models') })
  expect(trainer?.env(context({ MODELS_DIR: 'mine' }))).toEqual({})
})
