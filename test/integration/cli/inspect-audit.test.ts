import { shardKeys } from '@holdfast/contracts'
import {
  addCounters,
  type CustomerState,
  type Decided,
  EMPTY_STATE,
  encodeStored,
  fold,
  NEVER,
  NO_TIMELINE,
  type TimelineEntry,
} from '@holdfast/core'
import {
  claimShard,
  FIRST_GENERATION,
  metaFields,
  murmur2Partition,
  partitionCountField,
  type RedisClient,
} from '@holdfast/platform'
import { aPurchase, aTicket, testRedis } from '@holdfast/testing'
import { expect, inject, test } from 'vitest'
import { cli, makeInstallation, PARTITIONS } from './run-cli.ts'

const HOUR_MS = 3_600_000
const BOUGHT_AT = Date.now() - 80 * 24 * HOUR_MS

const BOUGHT: TimelineEntry = { kind: 'purchase.completed', time: BOUGHT_AT, detail: 4_990 }

const AT_RISK: Decided = {
  band: 'at_risk',
  previousBand: 'watch',
  enteredAt: BOUGHT_AT + 50 * 24 * HOUR_MS,
  evaluatedAt: BOUGHT_AT + 60 * 24 * HOUR_MS,
  probability: 0.75,
  expectedLossMinor: 4_200,
  disposition: 'queued',
  heldUntil: NEVER,
  predictedAt: NEVER,
  predictedProbability: 0,
  judged: 0,
}

function customer(id: string, decided?: Decided): CustomerState {
  let state = EMPTY_STATE
  for (const { event } of [
    aPurchase({ customerId: id, time: BOUGHT_AT }),
    aTicket({ customerId: id, time: BOUGHT_AT }),
  ]) {
    state = fold(state, event)
  }
  return { ...state, decided }
}

/** Writes customers as the risk-worker commits them, each into its shard. */
async function commit(client: RedisClient, prefix: string, customers: ReadonlyMap<string, CustomerState>) {
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const store = await claimShard({ client, prefix, partition })
    const counters = new Map<string, number>()
    const mine = [...customers].filter(([id]) => murmur2Partition(Buffer.from(id), PARTITIONS) === partition)
    for (const [, state] of mine) addCounters(state, (name, n) => counters.set(name, (counters.get(name) ?? 0) + n))
    const outcome = await store.commit(store.claimed.number, {
      customers: mine.map(([id, state]) => ({
        id,
        state: encodeStored(state, [BOUGHT], NO_TIMELINE, 20),
        due: Date.now() + HOUR_MS,
        worklist: state.decided?.band === 'at_risk' ? 'at_risk' : 'none',
        priority: state.decided?.expectedLossMinor ?? 0,
        erased: false,
      })),
      profiles: new Map(),
      counters,
      outbox: [],
      meta: { ...metaFields(new Map(), new Map()), ...partitionCountField(PARTITIONS) },
    })
    expect(outcome.kind).toBe('committed')
  }
}

async function makeCustomers() {
  const { env } = await makeInstallation()
  const { client } = await testRedis(inject('redisUrls'))
  const ids = Array.from({ length: 30 }, (_, i) => `cust-${i}`)
  await commit(
    client,
    env.KEY_PREFIX,
    new Map(ids.map((id, i) => [id, customer(id, i % 3 === 0 ? AT_RISK : undefined)])),
  )
  const keysOf = (id: string) =>
    shardKeys(env.KEY_PREFIX, murmur2Partition(Buffer.from(id), PARTITIONS), FIRST_GENERATION)
  return { env, client, keysOf }
}

test('inspect shows a customer as features, score, band, appointment and timeline', async () => {
  const { env } = await makeCustomers()
  const { code, stdout } = await cli(['inspect', 'cust-0', '--json'], env)
  expect(code).toBe(0)
  const view = JSON.parse(stdout)
  expect(view).toMatchObject({
    customer: 'cust-0',
    shard: murmur2Partition(Buffer.from('cust-0'), PARTITIONS),
    stored: { band: 'at_risk', previousBand: 'watch', probability: 0.75, disposition: 'queued' },
    timeline: [{ kind: 'purchase.completed', detail: 4_990 }],
  })
  const { features } = view.features.find(({ group }: { group: string }) => group === 'recency')
  expect(features[0]).toMatchObject({ name: 'recencyDays', value: expect.closeTo(80, 1) })
  expect(Date.parse(view.nextAppointment)).toBeGreaterThan(Date.now())

  const text = (await cli(['inspect', 'cust-0'], env)).stdout
  for (const part of ['at_risk, since', 'before: watch', '75.0 %', '42.00 EUR', '49.90 EUR', 'recencyDays']) {
    expect(text).toContain(part)
  }
  const unknown = await cli(['inspect', 'nobody'], env)
  expect(unknown.code).toBe(1)
  expect(unknown.stderr).toContain('CUSTOMER_UNKNOWN')
})

test('audit agrees with what was committed, and finds every kind of damage', async () => {
  const { env, client, keysOf } = await makeCustomers()
  const sound = await cli(['audit', '--json'], env)
  expect(JSON.parse(sound.stdout)).toMatchObject({ ok: true, customers: 30, differences: [] })
  expect(sound.code).toBe(0)

  await client.hincrby(keysOf('cust-1').aggregates, 'purchases', 1)
  await client.zrem(keysOf('cust-0').worklist.at_risk, 'cust-0')
  await client.zrem(keysOf('cust-2').due, 'cust-2')
  await client.hset(keysOf('cust-4').state, 'cust-4', Buffer.of(255))
  const damaged = await cli(['audit', '--json'], env)
  expect(damaged.code).toBe(1)
  const found: { what: string; of: string }[] = JSON.parse(damaged.stdout).differences
  const named = found.map(({ what, of }) => `${what} ${of}`)
  expect(named).toEqual(
    expect.arrayContaining(['counter purchases', 'worklist at_risk cust-0', 'appointment cust-2', 'state cust-4']),
  )
  const text = await cli(['audit'], env)
  expect(text.code).toBe(1)
  expect(text.stdout).toMatch(/worklist at_risk +cust-0 +states: priority 4200 +stored: not on it/)
})
