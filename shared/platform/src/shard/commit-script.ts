import { defineScript } from '../redis/script.ts'

/** What a commit came to. A refusal wrote nothing. */
export type CommitOutcome =
  | { readonly kind: 'committed'; readonly number: number }
  | {
      readonly kind: 'refused'
      /** `owner`: another token stands in meta; `number`: another commit came between, or Redis is an older self. */
      readonly reason: 'owner' | 'number'
      /** What stands in meta. */
      readonly found: string
    }

/**
 * The one write of a shard: states, profiles, appointments, worklists, counters, timelines, outbox and offsets, all or
 * nothing. Redis undoes nothing when a script fails midway, so everything that can fail is checked before the first write.
 *
 * ARGV: 1 owner token, 2 number of the commit that this one builds on, 3 most bytes of a timeline,
 *   4 customers, 5 profiles, 6 counters, 7 outbox, each packed as `pack.ts` says,
 *   8… pairs of field and value for meta
 * Output: {1, number} when committed, {0, 'owner' | 'number', what was found} when refused
 */
export const commitScript = defineScript({
  name: 'commit-9',
  keys: ['meta', 'state', 'profile', 'due', 'at_risk', 'lapsed', 'aggregates', 'outbox', 'timeline'],
  lua: `
local token, number, timelineBytes = ARGV[1], ARGV[2], tonumber(ARGV[3])
local customers, profiles, counters, outbox = ARGV[4], ARGV[5], ARGV[6], ARGV[7]

local function expectType(key, expected)
  local found = redis.call('TYPE', key).ok
  if found ~= 'none' and found ~= expected then
    error({err = 'WRONGTYPE ' .. key .. ' holds a ' .. found .. ', not a ' .. expected})
  end
end
expectType(key_meta, 'hash')
expectType(key_state, 'hash')
expectType(key_profile, 'hash')
expectType(key_due, 'zset')
expectType(key_at_risk, 'zset')
expectType(key_lapsed, 'zset')
expectType(key_aggregates, 'hash')
expectType(key_outbox, 'stream')
expectType(key_timeline, 'hash')

local owner = redis.call('HMGET', key_meta, 'token', 'number')
if owner[1] ~= token then return {0, 'owner', owner[1] or ''} end
if owner[2] ~= number then return {0, 'number', owner[2] or ''} end

local sub, unpackStruct = string.sub, struct.unpack
local function part(packed, from, length)
  if from + length - 1 > #packed then error({err = 'ERR commit: a packed argument is cut short'}) end
  return sub(packed, from, from + length - 1), from + length
end
local function finite(value, what)
  if value ~= value or value == math.huge or value == -math.huge then
    error({err = 'ERR commit: ' .. what .. ' is not a finite number'})
  end
  return value
end

local states, dueSet, dueGone, workGone, erased = {}, {}, {}, {}, {}
local work = {at_risk = {}, lapsed = {}}
local seenIds, seenEntries = {}, {}
local at, size = 1, #customers
while at <= size do
  local idLength, stateLength, seenLength, flags, due, priority
  idLength, stateLength, seenLength, flags, due, priority, at = unpackStruct('>HHHBdd', customers, at)
  local id, state, seen
  id, at = part(customers, at, idLength)
  state, at = part(customers, at, stateLength)
  seen, at = part(customers, at, seenLength)
  states[#states + 1] = id
  states[#states + 1] = state
  if flags % 2 == 1 then
    dueSet[#dueSet + 1] = finite(due, 'an appointment')
    dueSet[#dueSet + 1] = id
  elseif flags % 4 >= 2 then
    dueGone[#dueGone + 1] = id
  end
  if flags % 8 >= 4 then
    workGone[#workGone + 1] = id
  end
  local list = (flags % 16 >= 8 and work.at_risk) or (flags % 32 >= 16 and work.lapsed)
  if list then
    list[#list + 1] = finite(priority, 'a priority')
    list[#list + 1] = id
  end
  if flags % 64 >= 32 then
    erased[#erased + 1] = id
  elseif seenLength > 0 then
    seenIds[#seenIds + 1] = id
    seenEntries[#seenEntries + 1] = seen
  end
end

local profileWrites = {}
at, size = 1, #profiles
while at <= size do
  local idLength, length, id, profile
  idLength, length, at = unpackStruct('>HI4', profiles, at)
  id, at = part(profiles, at, idLength)
  profile, at = part(profiles, at, length)
  profileWrites[#profileWrites + 1] = id
  profileWrites[#profileWrites + 1] = profile
end

-- The most values that one call may be given: Lua's stack ends near 8,000.
local MOST = 4000
local function eachChunk(values, act)
  for from = 1, #values, MOST do act(from, math.min(from + MOST - 1, #values)) end
end

local counterNames, counterChanges = {}, {}
at, size = 1, #counters
while at <= size do
  local length, change
  length, change, at = unpackStruct('>Hd', counters, at)
  counterNames[#counterNames + 1], at = part(counters, at, length)
  counterChanges[#counterChanges + 1] = finite(change, 'a counter')
end
local counterWrites = {}
eachChunk(counterNames, function(from, to)
  local known = redis.call('HMGET', key_aggregates, unpack(counterNames, from, to))
  for i = from, to do
    local before = known[i - from + 1]
    local value = tonumber(before or '0')
    if value == nil then error({err = 'ERR commit: counter ' .. counterNames[i] .. ' holds ' .. before}) end
    value = value + counterChanges[i]
    if value > 9007199254740991 or value < -9007199254740991 then
      error({err = 'ERR commit: counter ' .. counterNames[i] .. ' leaves the whole numbers'})
    end
    counterWrites[#counterWrites + 1] = counterNames[i]
    counterWrites[#counterWrites + 1] = string.format('%.0f', value)
  end
end)

local timelineWrites = {}
eachChunk(seenIds, function(from, to)
  local known = redis.call('HMGET', key_timeline, unpack(seenIds, from, to))
  for i = from, to do
    timelineWrites[#timelineWrites + 1] = seenIds[i]
    timelineWrites[#timelineWrites + 1] = sub(seenEntries[i] .. (known[i - from + 1] or ''), 1, timelineBytes)
  end
end)

local entries = {}
at, size = 1, #outbox
while at <= size do
  local kindLength, headerLength, valueLength, kind, header, value
  kindLength, headerLength, valueLength, at = unpackStruct('>BI4I4', outbox, at)
  kind, at = part(outbox, at, kindLength)
  header, at = part(outbox, at, headerLength)
  value, at = part(outbox, at, valueLength)
  entries[#entries + 1] = {kind, header, value}
end
if (#ARGV - 7) % 2 ~= 0 then error({err = 'ERR commit: meta wants pairs of field and value'}) end

-- From here on nothing can fail.
local function writeAll(command, key, values)
  eachChunk(values, function(from, to) redis.call(command, key, unpack(values, from, to)) end)
end
writeAll('HSET', key_state, states)
writeAll('HSET', key_profile, profileWrites)
writeAll('HSET', key_timeline, timelineWrites)
writeAll('HSET', key_aggregates, counterWrites)
writeAll('ZREM', key_due, dueGone)
writeAll('ZADD', key_due, dueSet)
writeAll('ZREM', key_at_risk, workGone)
writeAll('ZREM', key_lapsed, workGone)
writeAll('ZADD', key_at_risk, work.at_risk)
writeAll('ZADD', key_lapsed, work.lapsed)
writeAll('HDEL', key_profile, erased)
writeAll('HDEL', key_timeline, erased)
for _, entry in ipairs(entries) do
  redis.call('XADD', key_outbox, '*', 'kind', entry[1], 'header', entry[2], 'value', entry[3])
end
local meta = {'number', string.format('%.0f', tonumber(number) + 1)}
for i = 8, #ARGV do meta[#meta + 1] = ARGV[i] end
writeAll('HSET', key_meta, meta)
return {1, meta[2]}
`,
  reply(raw): CommitOutcome {
    const [ok, first, found] = raw as [number, Buffer, Buffer | undefined]
    if (ok === 1) return { kind: 'committed', number: Number(first) }
    return { kind: 'refused', reason: String(first) === 'owner' ? 'owner' : 'number', found: String(found) }
  },
})
