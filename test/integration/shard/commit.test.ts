import { createHash } from 'node:crypto'
import { claimShard, OUTBOX_KINDS, readShard } from '@holdfast/platform'
import { expect, test } from 'vitest'
import { after, before, change, claimedShard, customer, entry, scriptKeys } from './fixture.ts'

const digest = (bytes: Uint8Array | null) => bytes && createHash('sha256').update(bytes).digest('hex')
const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))

test('a first commit and one upon it leave exactly what they say', async () => {
  const { client, store, address } = await claimedShard()
  expect(await store.commit(0, before)).toMatchObject({ kind: 'committed', number: 1 })
  expect(await store.commit(1, after)).toMatchObject({ kind: 'committed', number: 2 })

  const reader = await readShard(address)
  expect((await reader.states(['new', 'moves', 'calms', 'goes', 'nobody'])).map((state) => state?.toString())).toEqual([
    'state of new',
    'state of moves',
    'state of calms',
    'state of goes',
    undefined,
  ])
  const { keys } = reader
  expect(await client.zrange(keys.due, '0', '-1', 'WITHSCORES')).toEqual(['new', '2000', 'moves', '3000'])
  expect(await client.zrange(keys.worklist.at_risk, '0', '-1', 'WITHSCORES')).toEqual(['new', '12.5'])
  expect(await client.zrange(keys.worklist.lapsed, '0', '-1', 'WITHSCORES')).toEqual(['moves', '7'])
  expect(await client.hgetall(keys.profile)).toEqual({ new: '{"name":"N"}' })
  expect(await reader.counters()).toEqual(
    new Map([
      ['customers', 4],
      ['lost', 7],
    ]),
  )
  expect((await store.outbox(10)).map(({ header, value }) => [header, value.toString()])).toEqual([
    ['earlier', 'value of earlier'],
    ['first', 'value of first'],
    ['second', ''],
  ])
  expect(await client.hgetall(keys.meta)).toEqual({
    token: expect.stringMatching(/^[0-9a-f-]{36}$/),
    number: '2',
    'offset:purchases': '20',
    'offset:support': '7',
  })
})

test('bytes of a state and of a value go in and come out as they are', async () => {
  const { store } = await claimedShard()
  const states = [everyByte, Buffer.alloc(0), Buffer.alloc(65_535, 0xff), Buffer.from('12'), Buffer.from('\r\n$-1\r\n')]
  const ids = states.map((_, i) => `c${i}`)
  const written = change({
    customers: states.map((state, i) => customer(`c${i}`, { state })),
    outbox: [entry('{"a":"\\u0000 ü"}', everyByte), entry('', Buffer.alloc(1_048_576, 7))],
  })
  await store.commit(0, written)
  // Digests, because a matcher takes seconds over a mebibyte.
  expect((await store.states(ids)).map(digest)).toEqual(states.map(digest))
  expect((await store.outbox(10)).map(({ header, value }) => [header, digest(value)])).toEqual(
    written.outbox.map(({ header, value }) => [header, digest(value)]),
  )
})

test('ids of any script, and of 256 bytes, are ids like others', async () => {
  const { store } = await claimedShard()
  const ids = [
    'عميل-٤٢',
    '\u202eלקוח\u202c',
    '👩‍👩‍👧‍👦🏳️‍🌈',
    'e\u0301',
    'é',
    'a'.repeat(256),
    '🙂'.repeat(64),
    '{7}',
    '\0',
    ' ',
    'a b\n',
  ]
  const customers = ids.map((id, i) => customer(id, { due: i, worklist: 'at_risk', priority: i }))
  await store.commit(0, change({ customers, profiles: new Map(ids.map((id) => [id, `{"id":${JSON.stringify(id)}}`])) }))
  expect((await store.states(ids)).map(String)).toEqual(ids.map((id) => `state of ${id}`))
  expect((await store.profiles(ids)).map(String)).toEqual(ids.map((id) => `{"id":${JSON.stringify(id)}}`))
  expect(await store.due(ids.length, 100)).toEqual(ids)
  const stored: string[] = []
  for await (const page of store.eachState()) stored.push(...page.map(([id]) => id))
  expect(stored.sort()).toEqual([...ids].sort())
})

test('a hundred thousand customers are one commit', async () => {
  const { client, store } = await claimedShard()
  const count = 100_000
  const customers = Array.from({ length: count }, (_, i) =>
    customer(`c${i}`, {
      due: i % 2 === 0 ? i : undefined,
      worklist: i % 3 === 0 ? 'at_risk' : i % 3 === 1 ? 'lapsed' : 'none',
      priority: i,
    }),
  )
  const some = change({
    customers,
    profiles: new Map(customers.filter((_, i) => i % 10 === 0).map(({ id }) => [id, `"${id}"`])),
    counters: new Map(customers.slice(0, 9_001).map(({ id }, i) => [id, i + 1])),
    outbox: customers.slice(0, 5_000).map(({ id }) => entry(id)),
    meta: Object.fromEntries(Array.from({ length: 4_500 }, (_, i) => [`origin:t:${i}`, String(i)])),
  })
  expect(await store.commit(0, some)).toMatchObject({ kind: 'committed', number: 1 })
  const expectAll = async () => {
    const { keys } = store
    expect(await client.hlen(keys.state)).toBe(count)
    const wrong: string[] = []
    let pages = 0
    for await (const page of store.eachState()) {
      pages++
      for (const [id, state] of page) if (state.toString() !== `state of ${id}`) wrong.push(id)
    }
    expect(wrong).toEqual([])
    expect(pages).toBeGreaterThan(1)
    const odd = (list: string[], step: number, from: number) =>
      list.length % 2 !== 0 ||
      list.some((text, i) => text !== (i % 2 === 0 ? `c${(i / 2) * step + from}` : String(((i - 1) / 2) * step + from)))
    const scores = (key: string) => client.zrange(key, '0', '-1', 'WITHSCORES')
    expect([await client.zcard(keys.due), odd(await scores(keys.due), 2, 0)]).toEqual([50_000, false])
    expect([await client.zcard(keys.worklist.at_risk), odd(await scores(keys.worklist.at_risk), 3, 0)]).toEqual([
      33_334,
      false,
    ])
    expect([await client.zcard(keys.worklist.lapsed), odd(await scores(keys.worklist.lapsed), 3, 1)]).toEqual([
      33_333,
      false,
    ])
    expect(await client.hlen(keys.profile)).toBe(10_000)
  }
  await expectAll()
  expect(await store.counters()).toEqual(some.counters)
  expect((await store.outbox(10_000)).map(({ header }) => header)).toEqual(some.outbox.map(({ header }) => header))
  expect((await store.meta()).origins.size).toBe(4_500)

  // Upon what is known, which the script reads in chunks as well.
  await store.commit(1, change({ counters: some.counters }))
  expect(await store.counters()).toEqual(new Map([...some.counters].map(([name, value]) => [name, 2 * value])))

  const all = customers.map(({ id }) => customer(id, { erased: true }))
  expect(await store.commit(2, change({ customers: all }))).toMatchObject({ kind: 'committed', number: 3 })
  const { due, worklist, profile, state } = store.keys
  expect(await client.exists(due, worklist.at_risk, worklist.lapsed, profile)).toBe(0)
  expect(await client.hlen(state)).toBe(count)
})

test('an appointment is set, moved and cleared, to the millisecond', async () => {
  const { store } = await claimedShard()
  const put = (number: number, due: number | undefined) =>
    store.commit(number, change({ customers: [customer('c', { due })] }))
  const instants = [0, 1_762_000_000_001, -62_135_596_800_000, 253_402_300_799_999, 0.1 + 0.2]
  for (const [i, at] of instants.entries()) {
    await put(i, at)
    expect(await store.appointment('c')).toBe(at)
  }
  await put(instants.length, undefined)
  expect(await store.appointment('c')).toBeUndefined()
})

test('what is due comes earliest first, the present instant included', async () => {
  const { store } = await claimedShard()
  const customers = [30, 10, 20, 40].map((due) => customer(`at${due}`, { due }))
  await store.commit(0, change({ customers }))
  expect(await store.due(30, 10)).toEqual(['at10', 'at20', 'at30'])
  expect(await store.due(30, 2)).toEqual(['at10', 'at20'])
  expect(await store.overdue(30)).toBe(3)
  expect(await store.overdue(9)).toBe(0)
})

test('a customer stands on one worklist at most, until something is known of them again', async () => {
  const { client, store } = await claimedShard()
  const { at_risk, lapsed } = store.keys.worklist
  const steps = [
    ['at_risk', 5, { at_risk: '5', lapsed: null }],
    ['keep', 9, { at_risk: '5', lapsed: null }],
    ['at_risk', 6, { at_risk: '6', lapsed: null }],
    ['lapsed', 7, { at_risk: null, lapsed: '7' }],
    ['keep', 9, { at_risk: null, lapsed: '7' }],
    ['at_risk', 0.25, { at_risk: '0.25', lapsed: null }],
    ['none', 9, { at_risk: null, lapsed: null }],
    ['keep', 9, { at_risk: null, lapsed: null }],
  ] as const
  for (const [number, [worklist, priority, expected]] of steps.entries()) {
    const customers = [customer('c', { worklist, priority }), customer('other', { worklist: 'lapsed', priority: 1 })]
    await store.commit(number, change({ customers }))
    expect({ at_risk: await client.zscore(at_risk, 'c'), lapsed: await client.zscore(lapsed, 'c') }).toEqual(expected)
    expect(await client.zrange(lapsed, '0', '-1')).toContain('other')
  }
})

test('an erased customer keeps the state that says so, and no profile, not even one of the same commit', async () => {
  const { store } = await claimedShard()
  const profiles = new Map([
    ['goes', '{"name":"G"}'],
    ['stays', '{"name":"S"}'],
  ])
  const both = [customer('goes'), customer('stays')]
  await store.commit(0, change({ customers: both, profiles }))
  const erased = customer('goes', { state: Buffer.from('tombstone'), erased: true })
  await store.commit(1, change({ customers: [erased], profiles: new Map([['goes', '{"name":"again"}']]) }))
  expect((await store.states(['goes'])).map(String)).toEqual(['tombstone'])
  expect((await store.profiles(['goes', 'stays'])).map((profile) => profile?.toString())).toEqual([
    undefined,
    '{"name":"S"}',
  ])
})

test('counters add up, exactly, to the last whole number', async () => {
  const { store } = await claimedShard()
  const most = Number.MAX_SAFE_INTEGER
  const changes: [string, number][][] = [
    [
      ['a', 1],
      ['b', -1],
      ['c', most],
      ['d', -most],
      ['zero', 0],
    ],
    [
      ['a', 2 ** 40],
      ['b', 1],
      ['c', -most],
      ['d', most - 1],
    ],
    [
      ['a', -1],
      ['c', most - 1],
      ['d', 0],
    ],
  ]
  for (const [i, counters] of changes.entries()) {
    expect(await store.commit(i, change({ counters: new Map(counters) }))).toMatchObject({
      kind: 'committed',
    })
  }
  expect(await store.counters()).toEqual(
    new Map([
      ['a', 2 ** 40],
      ['b', 0],
      ['c', most - 1],
      ['d', -1],
    ]),
  )
})

test('the outbox is what its commits say that they wrote, is read in their order and forgets up to the entry that is named', async () => {
  const { store } = await claimedShard()
  const kinds = OUTBOX_KINDS.map((kind) => ({ kind, header: `{"of":"${kind}"}`, value: Buffer.from(kind) }))
  const outcomes = [
    await store.commit(0, change({ outbox: kinds })),
    await store.commit(1, change({ outbox: [entry('last', Buffer.alloc(0))] })),
  ]
  const all = await store.outbox(100)
  const serverRun = await store.serverRun()
  const ids = all.map(({ id }) => id)
  expect(outcomes).toMatchObject([
    { kind: 'committed', number: 1, outbox: { serverRun, ids: ids.slice(0, -1) } },
    { kind: 'committed', number: 2, outbox: { serverRun, ids: ids.slice(-1) } },
  ])
  const written = outcomes.flatMap((outcome) =>
    outcome.kind === 'committed' ? [...(outcome.outbox?.entries ?? [])] : [],
  )
  expect(written).toEqual(all.map(({ id: _, ...entry }) => entry))
  expect(all.map(({ kind, header, value }) => ({ kind, header, value }))).toEqual([
    ...kinds,
    entry('last', Buffer.alloc(0)),
  ])
  expect(await store.outbox(2)).toEqual(all.slice(0, 2))
  await store.dropOutbox(all[1]!.id, serverRun)
  expect(await store.outbox(100)).toEqual(all.slice(2))
  expect(await store.outboxLength()).toBe(all.length - 2)
  await store.dropOutbox(all.at(-1)!.id, await store.serverRun())
  await store.dropOutbox(all.at(-1)!.id, await store.serverRun())
  expect(await store.outboxLength()).toBe(0)
  await store.commit(2, change({ outbox: [entry('next')] }))
  expect((await store.outbox(100)).map(({ header }) => header)).toEqual(['next'])
})

test('a commit of nothing moves the number and writes no other key', async () => {
  const { client, store, address } = await claimedShard()
  expect(await store.commit(0, change())).toEqual({ kind: 'committed', number: 1, outbox: undefined })
  const { meta, ...others } = scriptKeys(store)
  expect(await client.hget(meta, 'number')).toBe('1')
  expect(await client.exists(...Object.values(others))).toBe(0)
  expect((await claimShard(address)).claimed.number).toBe(1)
})
