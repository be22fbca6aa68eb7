import { defineScript } from '../redis/script.ts'
import { parseMeta, type ShardMeta } from './shard-meta.ts'

/**
 * Makes the caller the owner of a shard's generation, and gives what is stored. From then on every other owner is refused.
 *
 * ARGV: 1 the new owner's token, 2 the generation that the caller believes current
 * Output: the fields of meta, flat; or nil where `current` names another generation
 */
export const claimScript = defineScript({
  name: 'claim-2',
  keys: ['current', 'meta'],
  lua: `
local found = redis.call('GET', key_current)
if found and found ~= ARGV[2] then return nil end
if not found then redis.call('SET', key_current, ARGV[2]) end
redis.call('HSET', key_meta, 'token', ARGV[1])
redis.call('HSETNX', key_meta, 'number', '0')
return redis.call('HGETALL', key_meta)
`,
  reply(raw): ShardMeta | undefined {
    if (raw === null) return undefined
    const flat = (raw as Buffer[]).map(String)
    const fields: Record<string, string> = {}
    for (let i = 0; i + 1 < flat.length; i += 2) fields[flat[i]!] = flat[i + 1]!
    return parseMeta(fields)
  },
})
