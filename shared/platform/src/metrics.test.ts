import { expect, test } from 'vitest'
import { createMetrics } from './metrics.ts'

test('a table becomes typed collectors with the service on every line', async () => {
  const metrics = createMetrics(
    {
      records: { name: 'hf_records_total', kind: 'counter', help: 'Records.', labels: ['topic'] },
      lag: { name: 'hf_lag', kind: 'gauge', help: 'Lag.', labels: [] },
      seconds: { name: 'hf_seconds', kind: 'histogram', help: 'Time.', labels: ['step'], buckets: [0.1, 1] },
    },
    { service: 'tester', processMetrics: false },
  )
  metrics.of.records.inc({ topic: 'a' }, 3)
  metrics.of.lag.set(7)
  metrics.of.seconds.observe({ step: 'fold' }, 0.5)
  // @ts-expect-error a label that the table does not name
  expect(() => metrics.of.records.inc({ partition: '1' })).toThrow()

  const text = await metrics.render()
  expect(text).toContain('hf_records_total{topic="a",service="tester"} 3')
  expect(text).toContain('hf_lag{service="tester"} 7')
  expect(text).toMatch(/hf_seconds_bucket\{.*le="0.1".*\} 0/)
  expect(text).toMatch(/hf_seconds_bucket\{.*le="1".*\} 1/)
})
