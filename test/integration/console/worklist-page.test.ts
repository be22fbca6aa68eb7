import { shardKeys } from '@holdfast/contracts'
import { testRedis } from '@holdfast/testing'
import { expect, inject, onTestFinished, test } from 'vitest'
import { byPlace, type Place } from '../../../services/console/src/worklist/cursor.ts'
import { pageScript } from '../../../services/console/src/worklist/page-script.ts'

/** Ids that sort differently by bytes, by UTF-16 units and by any language's rules. */
const ids = ['a', 'A', 'b', 'ab', 'a b', 'ä', 'Z', 'é', 'e', '｡', '🦕', 'ש', '-', '_', '~', '0', '10', '2'].flatMap(
  (id) => Array.from({ length: 20 }, (_, i) => `${id}${i % 4 === 0 ? '' : i}`),
)

async function stored(places: readonly Place[]) {
  const { client, prefix } = await testRedis(inject('redisUrls'))
  const { worklist } = shardKeys(prefix, 0, '1')
  const key = worklist.at_risk
  onTestFinished(async () => {
    await client.unlink(key)
  })
  for (const { id, priority } of places) await client.zadd(key, priority, id)
  return (after: Place | undefined, limit: number) =>
    pageScript.run(client, { worklist: key }, [
      limit,
      after === undefined ? '' : String(after.priority),
      after?.id ?? '',
    ])
}

const places = [...new Set(ids)].map((id, i): Place => ({ id, priority: [0, 1, 1, 1, 0.1 + 0.2, 2 ** 53 - 1][i % 6]! }))

test('the pages of a worklist lead past every place once, in the order of Redis, equals included', async () => {
  const page = await stored(places)
  for (const limit of [1, 7, 1_000]) {
    const walked: Place[] = []
    for (let after: Place | undefined; ; ) {
      const next = await page(after, limit)
      if (next.length === 0) break
      walked.push(...next)
      after = next.at(-1)
    }
    expect(walked).toEqual([...places].sort(byPlace))
  }
})

test('a page begins behind any place, also one where nobody is', async () => {
  const page = await stored(places)
  for (const priority of [-1, 0, 0.5, 1, 3, 2 ** 53 - 1]) {
    for (const id of [...ids.slice(0, 30), '', '\u0000', 'zzz', '𐀀']) {
      const place = { priority, id }
      const expected = places.filter((other) => byPlace(place, other) < 0).sort(byPlace)
      expect(await page(place, 3)).toEqual(expected.slice(0, 3))
    }
  }
})

test('an empty worklist has no page', async () => {
  const page = await stored([])
  expect(await page(undefined, 5)).toEqual([])
  expect(await page({ priority: 1, id: 'a' }, 5)).toEqual([])
})
