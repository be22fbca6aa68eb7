import { defineScript } from '@holdfast/platform'
import type { Place } from './cursor.ts'

/**
 * The next places of one shard's worklist behind a place, which need not be in it. Among equals the place is found by halving,
 * so a page costs as little in a long worklist as in a short one. Lua's own comparison goes by the server's locale, Redis' order
 * by bytes.
 *
 * ARGV: 1 how many, 2 priority of the place or the empty text for the beginning, 3 its id
 * Output: member, score, member, score …
 */
export const pageScript = defineScript({
  name: 'worklist-page-1',
  keys: ['worklist'],
  lua: `
local function is_less(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x < y end
  end
  return #a < #b
end

local from = 0
if ARGV[2] ~= '' then
  local low = redis.call('ZCOUNT', key_worklist, '(' .. ARGV[2], '+inf')
  local high = low + redis.call('ZCOUNT', key_worklist, ARGV[2], ARGV[2])
  while low < high do
    local middle = math.floor((low + high) / 2)
    if is_less(redis.call('ZREVRANGE', key_worklist, middle, middle)[1], ARGV[3]) then
      high = middle
    else
      low = middle + 1
    end
  end
  from = low
end
return redis.call('ZREVRANGE', key_worklist, from, from + ARGV[1] - 1, 'WITHSCORES')
`,
  reply(raw): readonly Place[] {
    const flat = Array.isArray(raw) ? raw.map(String) : []
    return flat.flatMap((id, i) => (i % 2 === 0 ? [{ id, priority: Number(flat[i + 1]) }] : []))
  },
})
