import { defineScript } from '../redis/script.ts'

/**
 * Turns a shard from one generation to another that was built beside it: fences the old owner, carries over what it has not
 * sent yet, and turns `current`. The old owner learns of it by its next refusal, and claims the new generation.
 *
 * ARGV: 1 the generation that must be current, 2 the new one, 3 token of the new one's builder, 4 its commit number
 * Output: 1 when turned, 0 when something else is current or the new generation is not the builder's
 */
export const switchScript = defineScript({
  name: 'switch-5',
  keys: ['current', 'meta', 'outbox', 'newMeta', 'newOutbox'],
  lua: `
if redis.call('GET', key_current) ~= ARGV[1] then return 0 end
local built = redis.call('HMGET', key_newMeta, 'token', 'number')
if built[1] ~= ARGV[3] or built[2] ~= ARGV[4] then return 0 end
for _, key in ipairs({key_outbox, key_newOutbox}) do
  local found = redis.call('TYPE', key).ok
  if found ~= 'none' and found ~= 'stream' then error({err = 'WRONGTYPE ' .. key .. ' holds a ' .. found}) end
end
local unsent = redis.call('XRANGE', key_outbox, '-', '+')
redis.call('HSET', key_meta, 'token', 'fenced')
for _, entry in ipairs(unsent) do redis.call('XADD', key_newOutbox, '*', unpack(entry[2])) end
redis.call('SET', key_current, ARGV[2])
return 1
`,
  reply: (raw) => raw === 1,
})
