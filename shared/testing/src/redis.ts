import { connectRedis, type RedisClient } from '@holdfast/platform'
import { stopAfterTest } from './clean-up.ts'
import { testLog } from './kafka.ts'
import { uniqueName } from './names.ts'

/** A connection for the length of the running test, and a key prefix that no other test has. */
export async function testRedis(urls: readonly string[]): Promise<{ client: RedisClient; prefix: string }> {
  const { client } = stopAfterTest(await connectRedis(urls, { log: testLog, name: 'test' }))
  return { client, prefix: uniqueName('hf-test') }
}

/** Its presence says that everything in the Redis may be deleted. */
export const TEST_MARKER = 'holdfast:this-redis-is-for-tests-only'

/** Marks an empty Redis as a test's. @throws Error when it holds anything, for then it may be somebody's */
export async function markTestRedis(client: RedisClient): Promise<void> {
  for (const node of masters(client)) {
    if ((await node.dbsize()) > 0 && !(await isMarked(client))) {
      throw new Error('this Redis holds keys, so it is not marked as a test’s; use an empty one')
    }
  }
  await client.set(TEST_MARKER, '1')
}

/** Deletes everything but the mark. @throws Error when the Redis is not marked as a test's */
export async function flushTestRedis(client: RedisClient): Promise<void> {
  if (!(await isMarked(client))) {
    throw new Error('refused to flush a Redis that is not marked as a test’s; call markTestRedis on an empty one')
  }
  for (const node of masters(client)) await node.flushall()
  await client.set(TEST_MARKER, '1')
}

async function isMarked(client: RedisClient): Promise<boolean> {
  return (await client.exists(TEST_MARKER)) === 1
}

function masters(client: RedisClient) {
  return 'nodes' in client ? client.nodes('master') : [client]
}
