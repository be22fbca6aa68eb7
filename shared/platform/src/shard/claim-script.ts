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
-- First what can fail, where meta is no hash.
redis.call('HSET', key_meta, 'token', ARGV[1])
redis.call('HSETNX', key_meta, 'number', '0')
if not found then redis.call('SET', key_current, ARGV[2]) end
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

/**
 * Begins a generation under an owner, if none of its keys exists. Sent twice by the same owner it answers twice the same.
 *
 * ARGV: 1 the owner's token
 * Output: 1 when begun, 0 when the generation holds something
 */
export const beginScript = defineScript({
  name: 'begin-8',
  keys: ['meta', 'state', 'profile', 'due', 'at_risk', 'lapsed', 'aggregates', 'outbox'],
  lua: `
if redis.call('EXISTS', unpack(KEYS)) == 0 then
  redis.call('HSET', key_meta, 'token', ARGV[1], 'number', '0')
  return 1
end
if redis.call('TYPE', key_meta).ok ~= 'hash' then return 0 end
local owner = redis.call('HMGET', key_meta, 'token', 'number')
return (owner[1] == ARGV[1] and owner[2] == '0') and 1 or 0
`,
  reply: (raw) => raw === 1,
})
