import { defineScript } from '../redis/script.ts'
import { SERVER_RUN } from './outbox-script.ts'

/** A refusal wrote nothing. */
export interface CommitRefused {
  readonly kind: 'refused'
  /** `owner`: another token stands in meta; `number`: another commit came between, or Redis is an older self. */
  readonly reason: 'owner' | 'number'
  /** What stands in meta. */
  readonly found: string
}

/** Where a commit's outbox entries stand. */
export interface WrittenEntries {
  /** The run of the server that took them. */
  readonly serverRun: string
  /** Places in the stream, in the order of the entries. */
  readonly ids: readonly string[]
}

interface CommitTaken {
  readonly kind: 'committed'
  readonly number: number
  /** Undefined where there were no entries. */
  readonly written: WrittenEntries | undefined
}

/**
 * The one write of a shard: states, profiles, appointments, worklists, counters, outbox and offsets, all or nothing. Redis
 * undoes nothing when a script fails midway, so everything that can fail is checked before the first write.
 *
 * ARGV: 1 owner token, 2 number of the commit that this one builds on,
 *   3 customers, 4 profiles, 5 counters, 6 outbox, each packed as `pack.ts` says,
 *   7… pairs of field and value for meta
 * Output: {1, number} when committed, and with entries for the outbox {1, number, run of the server, {id…}}; {0, 'owner' | 'number', what was found} when refused
 */
export const commitScript = defineScript({
  name: 'commit-9',
  keys: ['meta', 'state', 'profile', 'due', 'at_risk', 'lapsed', 'aggregates', 'outbox'],
  lua: `
local token, number = ARGV[1], ARGV[2]
local customers, profiles, counters, outbox = ARGV[3], ARGV[4], ARGV[5], ARGV[6]

local function refuse(why) error({err = 'ERR commit: ' .. why}) end

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

local owner = redis.call('HMGET', key_meta, 'token', 'number')
if owner[1] ~= token then return {0, 'owner', owner[1] or ''} end
if owner[2] ~= number then return {0, 'number', owner[2] or ''} end

-- A user who may not run one of these would be told so only on the way.
if redis.acl_check_cmd then
  for _, command in ipairs({
    {'HSET', key_state, 'f', 'v'}, {'HDEL', key_profile, 'f'},
    {'ZADD', key_due, '0', 'm'}, {'ZREM', key_due, 'm'},
    {'XADD', key_outbox, '*', 'f', 'v'},
  }) do
    if not redis.acl_check_cmd(unpack(command)) then
      error({err = 'NOPERM the commit of a shard needs ' .. command[1]})
    end
  end
end

local function isWhole(value)
  return value and value % 1 == 0 and value >= -9007199254740991 and value <= 9007199254740991
end
local function finite(value, what)
  if value ~= value or value == math.huge or value == -math.huge then refuse(what .. ' is not a finite number') end
  return value
end
local base = tonumber(number)
if not isWhole(base) or base < 0 or base == 9007199254740991 then refuse('meta holds no commit number') end
if (#ARGV - 6) % 2 ~= 0 then refuse('meta wants pairs of field and value') end

local unpackStruct = struct.unpack
local states, dueSet, dueGone, erased = {}, {}, {}, {}
local joins = {[2] = {}, [3] = {}}
local leavesAtRisk, leavesLapsed = {}, {}
-- Counted by hand where every customer adds something: the length of a table is a search.
local stateCount, dueCount = 0, 0
local at, size = 1, #customers
while at <= size do
  local hasDue, worklist, isErased, due, priority, id, state
  hasDue, worklist, isErased, due, priority, id, state, at = unpackStruct('>BBBddHc0Hc0', customers, at)
  if hasDue > 1 or worklist > 3 or isErased > 1 then refuse('a packed customer is none') end
  states[stateCount + 1] = id
  states[stateCount + 2] = state
  stateCount = stateCount + 2
  if hasDue == 1 then
    dueSet[dueCount + 1] = finite(due, 'an appointment')
    dueSet[dueCount + 2] = id
    dueCount = dueCount + 2
  else
    dueGone[#dueGone + 1] = id
  end
  if worklist > 0 then
    if worklist ~= 2 then leavesAtRisk[#leavesAtRisk + 1] = id end
    if worklist ~= 3 then leavesLapsed[#leavesLapsed + 1] = id end
    local list = joins[worklist]
    if list then
      list[#list + 1] = finite(priority, 'a priority')
      list[#list + 1] = id
    end
  end
  if isErased == 1 then erased[#erased + 1] = id end
end

local profileWrites = {}
at, size = 1, #profiles
while at <= size do
  local id, profile
  id, profile, at = unpackStruct('>Hc0I4c0', profiles, at)
  profileWrites[#profileWrites + 1] = id
  profileWrites[#profileWrites + 1] = profile
end

-- The most values that one call may be given: Lua's stack ends near 8,000.
local MOST = 4000
local function eachChunk(values, act)
  local count = #values
  for from = 1, count, MOST do act(from, math.min(from + MOST - 1, count)) end
end

local counterNames, counterChanges = {}, {}
at, size = 1, #counters
while at <= size do
  local change, name
  change, name, at = unpackStruct('>dHc0', counters, at)
  counterNames[#counterNames + 1] = name
  counterChanges[#counterChanges + 1] = change
end
local counterWrites = {}
eachChunk(counterNames, function(from, to)
  local known = redis.call('HMGET', key_aggregates, unpack(counterNames, from, to))
  for i = from, to do
    local name, before = counterNames[i], known[i - from + 1] or '0'
    local value = string.find(before, '^%-?%d+$') and tonumber(before)
    if not isWhole(value) then refuse('counter ' .. name .. ' holds ' .. before .. ', which is no whole number') end
    value = value + counterChanges[i]
    if not isWhole(value) then refuse('counter ' .. name .. ' leaves the whole numbers') end
    counterWrites[#counterWrites + 1] = name
    counterWrites[#counterWrites + 1] = string.format('%.0f', value)
  end
end)

local entries = {}
at, size = 1, #outbox
while at <= size do
  local kind, header, value
  kind, header, value, at = unpackStruct('>Bc0I4c0I4c0', outbox, at)
  entries[#entries + 1] = {kind, header, value}
end
local run
if #entries > 0 then
  run = ${SERVER_RUN}
  if not run then refuse('INFO names no run_id, by which a restart of the server is known') end
  -- A stream whose ids have come to their end takes no entry more. Nobody gets there, but for a foreign XADD or XSETID.
  local about = redis.call('EXISTS', key_outbox) == 1 and redis.call('XINFO', 'STREAM', key_outbox) or {}
  for i = 1, #about, 2 do
    if about[i] == 'last-generated-id' and string.sub(about[i + 1], 1, 20) == '18446744073709551615' then
      refuse('the ids of the outbox have come to their end')
    end
  end
end

-- From here on nothing can fail.
local function writeAll(command, key, values)
  eachChunk(values, function(from, to) redis.call(command, key, unpack(values, from, to)) end)
end
writeAll('HSET', key_state, states)
writeAll('HSET', key_profile, profileWrites)
writeAll('HSET', key_aggregates, counterWrites)
writeAll('ZREM', key_due, dueGone)
writeAll('ZADD', key_due, dueSet)
writeAll('ZREM', key_at_risk, leavesAtRisk)
writeAll('ZREM', key_lapsed, leavesLapsed)
writeAll('ZADD', key_at_risk, joins[2])
writeAll('ZADD', key_lapsed, joins[3])
writeAll('HDEL', key_profile, erased)
local ids = {}
for i, entry in ipairs(entries) do
  ids[i] = redis.call('XADD', key_outbox, '*', 'kind', entry[1], 'header', entry[2], 'value', entry[3])
end
local meta = {'number', string.format('%.0f', base + 1)}
for i = 7, #ARGV do meta[#meta + 1] = ARGV[i] end
writeAll('HSET', key_meta, meta)
if not run then return {1, meta[2]} end
return {1, meta[2], run, ids}
`,
  reply(raw): CommitTaken | CommitRefused {
    const [ok, first, second, ids] = raw as [number, Buffer, Buffer | undefined, Buffer[] | undefined]
    if (ok !== 1) {
      return { kind: 'refused', reason: String(first) === 'owner' ? 'owner' : 'number', found: String(second) }
    }
    const written = ids === undefined ? undefined : { serverRun: String(second), ids: ids.map(String) }
    return { kind: 'committed', number: Number(first), written }
  },
})
