import { defineScript } from '../redis/script.ts'

/**
 * Turns a shard from one generation to another that was built beside it: fences the old owner, carries over what it has not
 * sent yet, ahead of what the new one has to say, and turns `current`. The old owner learns of it by its next refusal, and
 * claims the new generation. Nothing is written before all that can fail has been checked.
 *
 * Safe to send again when the answer was lost: a generation's name is its builder's alone (see `beginScript`), so where it is
 * current this switch has happened.
 *
 * ARGV: 1 the generation that must be current (or none, before anybody has claimed the shard), 2 the new one,
 *   3 token of the new one's builder, 4 its commit number
 * Output: 1 when turned, 0 when something else is current or the new generation is not the builder's
 */
export const switchScript = defineScript({
  name: 'switch-5',
  keys: ['current', 'meta', 'outbox', 'newMeta', 'newOutbox'],
  lua: `
local found = redis.call('GET', key_current)
if found == ARGV[2] then return 1 end
if found and found ~= ARGV[1] then return 0 end
local function expectType(key, expected)
  local type = redis.call('TYPE', key).ok
  if type ~= 'none' and type ~= expected then
    error({err = 'WRONGTYPE ' .. key .. ' holds a ' .. type .. ', not a ' .. expected})
  end
end
expectType(key_meta, 'hash')
expectType(key_newMeta, 'hash')
expectType(key_outbox, 'stream')
expectType(key_newOutbox, 'stream')
local built = redis.call('HMGET', key_newMeta, 'token', 'number')
if built[1] ~= ARGV[3] or built[2] ~= ARGV[4] then return 0 end

-- A user who may not run one of these would be told so only on the way.
if redis.acl_check_cmd then
  for _, command in ipairs({
    {'HSET', key_meta, 'f', 'v'}, {'DEL', key_newOutbox},
    {'XADD', key_newOutbox, '*', 'f', 'v'}, {'SET', key_current, 'v'},
  }) do
    if not redis.acl_check_cmd(unpack(command)) then
      error({err = 'NOPERM the switch of a shard needs ' .. command[1]})
    end
  end
end

local entries = redis.call('XRANGE', key_outbox, '-', '+')
local carried = #entries
if carried > 0 then
  for _, entry in ipairs(redis.call('XRANGE', key_newOutbox, '-', '+')) do entries[#entries + 1] = entry end
  for _, entry in ipairs(entries) do
    -- Lua's stack ends near 8,000; no commit writes more than six.
    if #entry[2] > 4000 then error({err = 'ERR switch: entry ' .. entry[1] .. ' of an outbox is none of ours'}) end
  end
end

-- From here on nothing can fail: a stream that begins anew has all its ids before it.
redis.call('HSET', key_meta, 'token', 'fenced')
if carried > 0 then
  redis.call('DEL', key_newOutbox)
  for _, entry in ipairs(entries) do redis.call('XADD', key_newOutbox, '*', unpack(entry[2])) end
end
redis.call('SET', key_current, ARGV[2])
return 1
`,
  reply: (raw) => raw === 1,
})
