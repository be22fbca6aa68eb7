import { describe, expect, it } from 'vitest'
import { RISK_WORKER_METRICS } from './metrics.ts'
import { currentKey, QUEUE_PREFIX, QUEUES, shardKeys, topicNames } from './names.ts'

describe('topicNames', () => {
  it('lays own names over the defaults', () => {
    expect(topicNames({ purchases: 'shop.orders' })).toMatchObject({
      purchases: 'shop.orders',
      actions: 'churn.actions',
    })
  })

  it('refuses what Kafka would refuse, and two roles on one topic', () => {
    expect(() => topicNames({ support: 'help desk' })).toThrow('topic for support: "help desk" is no Kafka topic name')
    expect(() => topicNames({ support: 'customer.purchases' })).toThrow('topics for purchases and support')
  })
})

describe('keys', () => {
  it('keeps all keys of a shard in one slot of a cluster', () => {
    const { worklist, ...plain } = shardKeys('hf', 3, '7')
    const keys = [...Object.values(plain), ...Object.values(worklist), currentKey('hf', 3)]
    expect(new Set(keys).size).toBe(keys.length)
    for (const key of keys) expect(key).toMatch(/^hf:\{3\}:/)
    expect(plain.state).toBe('hf:{3}:7:state')
  })

  it('braces the prefix of the queues and has no colon in their names', () => {
    expect(QUEUE_PREFIX).toMatch(/^\{.+\}$/)
    for (const queue of QUEUES) expect(queue).not.toContain(':')
  })
})

describe('metrics', () => {
  it('names each metric once, in the way Prometheus asks for', () => {
    const specs = Object.values(RISK_WORKER_METRICS)
    expect(new Set(specs.map((spec) => spec.name)).size).toBe(specs.length)
    for (const spec of specs) {
      expect(spec.name).toMatch(/^holdfast_[a-z_]+$/)
      expect(spec.name.endsWith('_total'), spec.name).toBe(spec.kind === 'counter')
      expect('buckets' in spec, spec.name).toBe(spec.kind === 'histogram')
    }
  })
})
