import { createHash } from 'node:crypto'
import { HoldfastError } from '../errors.ts'
import type { RedisClient } from './connect.ts'

export type ScriptArg = string | number | Buffer

export interface ScriptDefinition<K extends string, T> {
  /** Appears in errors. */
  readonly name: string
  /** What the script calls its keys: `state` is the Lua local `key_state`. All must share one hash tag. */
  readonly keys: readonly K[]
  /** ARGV as passed; texts of a reply arrive as buffers. */
  readonly lua: string
  /** From the raw reply to what the caller gets; numbers, buffers, null and arrays of them come in. */
  readonly reply: (raw: unknown) => T
}

export interface Script<K extends string, T> {
  readonly name: string
  /** The text that Redis sees. */
  readonly lua: string
  /**
   * Runs it by its hash, and in full where the server does not know it yet.
   * @throws HoldfastError REDIS_KEYS_APART, before anything is sent; REDIS_SCRIPT_FAILED
   */
  run(client: RedisClient, keys: Readonly<Record<K, string>>, args?: readonly ScriptArg[]): Promise<T>
}

/** A Lua script with named keys that runs alike on one server and on a cluster. */
export function defineScript<const K extends string, T>(definition: ScriptDefinition<K, T>): Script<K, T> {
  const { name, keys: names, reply } = definition
  const lua = `${keyLocals(names)}${definition.lua}`
  const sha = createHash('sha1').update(lua).digest('hex')
  return {
    name,
    lua,
    async run(client, keys, args = []) {
      const list = names.map((key) => keys[key])
      requireOneSlot(name, list)
      try {
        return reply(await evaluate(client, { sha, lua, keys: list, args }))
      } catch (cause) {
        if (cause instanceof HoldfastError) throw cause
        throw new HoldfastError({ code: 'REDIS_SCRIPT_FAILED', message: `the script ${name} failed`, cause })
      }
    },
  }
}

function keyLocals(names: readonly string[]): string {
  if (names.length === 0) return ''
  const locals = names.map((name) => `key_${name}`).join(', ')
  const values = names.map((_, i) => `KEYS[${i + 1}]`).join(', ')
  return `local ${locals} = ${values}\n`
}

interface Evaluation {
  readonly sha: string
  readonly lua: string
  readonly keys: readonly string[]
  readonly args: readonly ScriptArg[]
}

async function evaluate(client: RedisClient, { sha, lua, keys, args }: Evaluation): Promise<unknown> {
  const rest = [keys.length, ...keys, ...args]
  try {
    return await client.callBuffer('evalsha', [sha, ...rest])
  } catch (thrown) {
    if (!(thrown instanceof Error) || !thrown.message.startsWith('NOSCRIPT')) throw thrown
    return client.callBuffer('eval', [lua, ...rest])
  }
}

/** One server would take keys of several slots, and a cluster would not: so it is found out on the former. */
function requireOneSlot(script: string, keys: readonly string[]): void {
  const tags = new Set(keys.map(hashTag))
  if (tags.size <= 1) return
  throw new HoldfastError({
    code: 'REDIS_KEYS_APART',
    message: `the script ${script} got keys of different hash tags: ${keys.join(', ')}`,
    cure: 'keys of one script must carry the same {tag}; take them from one call of shardKeys.',
  })
}

/** The part of a key that decides its slot (redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec, "Hash tags"). */
export function hashTag(key: string): string {
  const open = key.indexOf('{')
  const close = key.indexOf('}', open + 1)
  return open >= 0 && close > open + 1 ? key.slice(open + 1, close) : key
}
