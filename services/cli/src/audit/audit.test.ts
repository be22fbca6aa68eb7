import { type CustomerState, type Decided, EMPTY_STATE, ERASED_STATE, fold, NEVER } from '@holdfast/core'
import { aPurchase } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { auditShard, recount } from './audit.ts'
import type { ShardSnapshot } from './snapshot.ts'

const DECIDED: Decided = {
  band: 'at_risk',
  previousBand: undefined,
  enteredAt: 1,
  evaluatedAt: 2,
  probability: 0.75,
  expectedLossMinor: 4_200,
  disposition: 'queued',
  heldUntil: NEVER,
  predictedAt: NEVER,
  predictedProbability: 0,
  judged: 0,
}

function buyer(customerId: string, decided?: Partial<Decided>): CustomerState {
  const state = fold(EMPTY_STATE, aPurchase({ customerId }).event)
  return decided === undefined ? state : { ...state, decided: { ...DECIDED, ...decided } }
}

/** A shard in which everything agrees. */
function soundShard(): ShardSnapshot {
  const states = new Map([
    ['risky', buyer('risky', {})],
    ['gone', buyer('gone', { band: 'lapsed', expectedLossMinor: 70 })],
    ['new', buyer('new')],
    ['erased', ERASED_STATE],
  ])
  return {
    partition: 3,
    number: 9,
    states,
    unreadable: new Map(),
    counters: recount(states.values()),
    due: new Map([
      ['risky', 1_000],
      ['new', 1],
    ]),
    worklists: { at_risk: new Map([['risky', 4_200]]), lapsed: new Map([['gone', 70]]) },
    profiles: new Set(['risky']),
  }
}

test('nothing is found where everything agrees; a counter of 0 may be stored or not', () => {
  const shard = soundShard()
  expect(auditShard(shard)).toEqual([])
  expect(auditShard({ ...shard, counters: new Map([...shard.counters, ['tickets', 0]]) })).toEqual([])
})

test('a counter that is off, missing, or of nobody is found', () => {
  const shard = soundShard()
  const counters = new Map(shard.counters)
  counters.set('customers', 99).set('tickets', 5)
  counters.delete('buyers')
  expect(auditShard({ ...shard, counters })).toEqual([
    { shard: 3, what: 'counter', of: 'customers', expected: '3', found: '99' },
    { shard: 3, what: 'counter', of: 'buyers', expected: '3', found: '0' },
    { shard: 3, what: 'counter', of: 'tickets', expected: '0', found: '5' },
  ])
})

test('a worklist must hold exactly the customers of its band, at the loss that they mean', () => {
  const shard = soundShard()
  const worklists = { at_risk: new Map([['risky', 4_199]]), lapsed: new Map([['new', 1]]) }
  expect(
    auditShard({ ...shard, worklists }).map(({ what, of, expected, found }) => [what, of, expected, found]),
  ).toEqual([
    ['worklist at_risk', 'risky', 'priority 4200', 'priority 4199'],
    ['worklist lapsed', 'gone', 'priority 70', 'not on it'],
    ['worklist lapsed', 'new', 'not on it', 'priority 1'],
  ])
})

test('whoever must be looked at again has an appointment, and nobody else that does not exist', () => {
  const shard = soundShard()
  const due = new Map([
    ['erased', 5],
    ['nobody', 6],
  ])
  const found = auditShard({ ...shard, due }).map(({ what, of }) => `${what} ${of}`)
  expect(found).toEqual(['appointment erased', 'appointment nobody', 'appointment risky', 'appointment new'])
})

test('personal fields of an erased customer and states that cannot be read are found', () => {
  const shard = soundShard()
  const found = auditShard({ ...shard, profiles: new Set(['erased']), unreadable: new Map([['x', 'ends early']]) })
  expect(found.map(({ what, of }) => [what, of])).toEqual([
    ['state', 'x'],
    ['profile', 'erased'],
  ])
})
