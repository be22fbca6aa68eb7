import { installationKeys } from '@holdfast/contracts'
import { defineScript, HoldfastError, type RedisClient } from '@holdfast/platform'
import { type Outcome, type Proposal, type RetrainingRecord, recordSchema } from './outcome.ts'

/** How many outcomes are remembered. */
const MOST_OUTCOMES = 20

/**
 * Writes the record if nobody wrote it meanwhile.
 *
 * ARGV: 1 text that the change builds on, 2 the new one
 * Output: 1 when it stands there, 0 when another does
 */
const replaceScript = defineScript({
  name: 'replace-retraining-1',
  keys: ['record'],
  lua: `
local found = redis.call('GET', key_record) or ''
-- Sent again when the answer was lost, it has happened already.
if found ~= ARGV[1] and found ~= ARGV[2] then return 0 end
redis.call('SET', key_record, ARGV[2])
return 1
`,
  reply: (raw) => raw === 1,
})

/** What the retrainings of an installation came to, and the one proposal that is open. */
export interface RetrainingStore {
  /** @throws HoldfastError RETRAINING_RECORD_BROKEN */
  read(): Promise<RetrainingRecord>
  /** Adds an outcome, and opens its proposal in place of an earlier one. A job's first outcome stays: false for another one. */
  add(outcome: Outcome, proposal?: Proposal): Promise<boolean>
  /** Ends the proposal of a model that was promoted. */
  close(digest: string): Promise<void>
}

export function retrainingStore(client: RedisClient, prefix: string): RetrainingStore {
  const { retraining: key } = installationKeys(prefix)

  async function change(to: (record: RetrainingRecord) => RetrainingRecord | undefined): Promise<boolean> {
    for (;;) {
      const text = (await client.get(key)) ?? ''
      const next = to(parse(text, key))
      if (next === undefined) return false
      if (await replaceScript.run(client, { record: key }, [text, JSON.stringify(next)])) return true
    }
  }

  return {
    read: async () => parse((await client.get(key)) ?? '', key),
    add: (outcome, proposal) =>
      change(({ outcomes, open }) => {
        if (outcomes.some(({ job }) => job === outcome.job)) return undefined
        const kept = proposal ?? (outcome.kind === 'promoted' ? undefined : open)
        return { outcomes: [outcome, ...outcomes].slice(0, MOST_OUTCOMES), ...(kept && { open: kept }) }
      }),
    async close(digest) {
      await change(({ outcomes, open }) => (open?.digest === digest ? { outcomes } : undefined))
    },
  }
}

function parse(text: string, key: string): RetrainingRecord {
  if (text === '') return { outcomes: [] }
  try {
    return recordSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new HoldfastError({
      code: 'RETRAINING_RECORD_BROKEN',
      message: `what is stored under ${key} is no record of retrainings`,
      cause,
      cure: `nothing here writes such a value; see who did. Without the key (DEL ${key}) a new record begins.`,
    })
  }
}
