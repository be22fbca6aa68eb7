import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectRedis, modelStore, type RedisClient } from '@holdfast/platform'
import { generateShop } from '@holdfast/simulation'
import { testLog, uniqueName } from '@holdfast/testing'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { cli } from '../cli/run-cli.ts'
import { makeModel } from './make-model.ts'

/** Promotion from the command line: what passes, what is refused and why, and what nothing can force. Kafka is not asked. */

const MONEY = { BASE_CURRENCY: 'EUR', CURRENCY_RATES: 'GBP=1.17,USD=0.92' }
const prefix = uniqueName('gate')

let dir: string
let events: string
let client: RedisClient
let disconnect: () => Promise<void>

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'holdfast-gate-'))
  events = join(dir, 'events.ndjson')
  const shop = generateShop({ seed: 5, customers: 600, from: Date.UTC(2024, 6, 1), until: Date.UTC(2025, 6, 1) })
  writeFileSync(events, [...shop.events].map(({ event }) => `${JSON.stringify(event)}\n`).join(''))
  await makeModel(dir, 'v1')
  await makeModel(dir, 'v2', { bias: 0.02 })
  await makeModel(dir, 'v3', { weight: (weight) => -weight })
  await makeModel(dir, 'v4', { bias: 3 })
  await makeModel(dir, 'v5', { manifest: { featureTableVersion: 999 } })
  const redis = await connectRedis(inject('redisUrls'), { log: testLog, name: 'gate-test' })
  client = redis.client
  disconnect = redis.stop
})

afterAll(async () => {
  await client?.unlink(`${prefix}:models`)
  await disconnect?.()
  rmSync(dir, { recursive: true, force: true })
})

const models = (...args: string[]) =>
  cli(['models', ...args], {
    ...MONEY,
    REDIS_URL: inject('redisUrls').join(','),
    KEY_PREFIX: prefix,
    MODELS_DIR: dir,
    KAFKA_BROKERS: '127.0.0.1:1',
  })
const measured = (command: string, version: string, ...more: string[]) =>
  models(command, version, '--events', events, ...more)

const champion = async () => (await modelStore(client, prefix).pointers()).champions[0]?.version

describe('a candidate becomes the champion where it', () => {
  test('is the first, and calibrated', async () => {
    const { code, stdout, stderr } = await measured('promote', 'v1', '--json')
    expect(stderr).toContain('held against nothing')
    expect(JSON.parse(stdout)).toMatchObject({
      role: 'champion',
      before: null,
      report: { passed: true, champion: null },
    })
    expect(code).toBe(0)
    expect(await champion()).toBe('v1')
  })

  test('is not worse on the same customers', async () => {
    const { code, stdout } = await measured('promote', 'v2')
    expect(stdout).toMatch(/champion v1 +0\.\d{4}/)
    expect(stdout).toContain("log loss less the champion's")
    expect(stdout).toContain('v2 scores now, after v1')
    expect(code).toBe(0)
    expect(await champion()).toBe('v2')
  })
})

describe('it is refused, and the champion stays, where it', () => {
  test('ranks worse', async () => {
    const { code, stderr } = await measured('promote', 'v3')
    expect(stderr).toMatch(/PROMOTION_REFUSED: v3 is not promoted, because of .*AUC/)
    expect(code).toBe(1)
  })

  test('ranks alike, but says too much', async () => {
    const { code, stdout } = await measured('promote', 'v4', '--json')
    const { report } = JSON.parse(stdout)
    const failed = report.checks.filter(({ passed }: { passed: boolean }) => !passed)
    expect(failed.map(({ name }: { name: string }) => name)).toEqual(['log loss', 'calibration'])
    expect(code).toBe(1)
  })

  test.each([[], ['--force'], ['--as-challenger']])(
    'was made for another feature table, also with %s',
    async (...flags) => {
      const { code, stderr } = await measured('promote', 'v5', ...flags)
      expect(stderr).toContain('feature table 999')
      expect(code).toBe(1)
    },
  )

  test('does not exist', async () => {
    const { code, stderr } = await measured('promote', 'v77')
    expect(stderr).toContain('v77')
    expect(code).toBe(2)
  })

  test('and all of it left the champion where it was', async () => {
    expect(await champion()).toBe('v2')
  })
})

test('--force says what it skips, and rollback goes back, one champion at a time', async () => {
  const forced = await models('promote', 'v4', '--force')
  expect(forced.stderr.match(/^SKIPPED/gm)).toHaveLength(3)
  expect(forced.code).toBe(0)
  expect(await champion()).toBe('v4')

  expect(JSON.parse((await models('rollback', '--json')).stdout)).toEqual({ champion: 'v2', before: 'v4' })
  expect((await models('rollback')).stdout).toContain('v1 scores again, after v2')
  const last = await models('rollback')
  expect(last.stderr).toContain('v1 is the only champion there was')
  expect(last.code).toBe(1)
  expect(await champion()).toBe('v1')
})

test('compare and show tell, and change nothing', async () => {
  const compared = await models('compare', 'v4', 'v2', '--events', events, '--json')
  expect(JSON.parse(compared.stdout)).toMatchObject({ candidate: 'v4', champion: 'v2', passed: false })
  expect(compared.code).toBe(0)
  expect((await models('show', 'v2')).stdout).toMatch(/role +none/)
  expect((await models('show', join(dir, 'v1'))).stdout).toMatch(/role +champion/)
  expect(await champion()).toBe('v1')
})

test('a list names what cannot be used', async () => {
  const { stdout } = await models('list')
  expect(stdout).toMatch(/v5 .*CANNOT BE USED: .*feature table 999/)
})
