import {
  ACTION_KINDS,
  type CustomerState,
  decodeState,
  decodeTimeline,
  FEATURES,
  featureVector,
  logitOf,
  probabilityOf,
  type RiskModel,
  reasonsAt,
} from '@holdfast/core'
import { HoldfastError, murmur2Partition, type ShardReader } from '@holdfast/platform'

/** Everything that is known of a customer, at an instant. Personal fields are left out. */
export type CustomerView = ReturnType<typeof viewOf>

export interface StoredCustomer {
  readonly id: string
  readonly shard: number
  readonly generation: string
  readonly state: CustomerState
  /** ms. */
  readonly nextAppointment: number | undefined
  readonly timeline: ReturnType<typeof decodeTimeline>
}

/** The shard that owns a customer. */
export function shardOf(id: string, partitionCount: number): number {
  return murmur2Partition(Buffer.from(id), partitionCount)
}

/** @throws HoldfastError CUSTOMER_UNKNOWN */
export async function readCustomer(id: string, shard: ShardReader): Promise<StoredCustomer> {
  const [[bytes], nextAppointment, timeline] = await Promise.all([
    shard.states([id]),
    shard.appointment(id),
    shard.timeline(id),
  ])
  if (!bytes) {
    throw new HoldfastError({
      code: 'CUSTOMER_UNKNOWN',
      message: `nothing is known of customer ${JSON.stringify(id)} (shard ${shard.partition})`,
      cure: 'check the id; "npx holdfast status" shows whether events still wait to be read, "npx holdfast dlq list" whether they were refused.',
    })
  }
  return {
    id,
    shard: shard.partition,
    generation: shard.generation,
    state: decodeState(bytes),
    nextAppointment,
    timeline: timeline === null ? [] : decodeTimeline(timeline),
  }
}

/** @param at of the features and of the score, ms @param model undefined where there is none yet */
export function viewOf(customer: StoredCustomer, at: number, model: RiskModel | undefined) {
  const { id, shard, generation, state, nextAppointment, timeline } = customer
  const vector = featureVector(state, at)
  const hasRisk = state.purchases !== undefined && !state.erased
  const scored = model !== undefined && hasRisk ? logitOf(model, vector) : undefined
  return {
    customer: id,
    shard,
    generation,
    at: time(at),
    erased: state.erased,
    stored: state.decided && {
      band: state.decided.band,
      enteredAt: time(state.decided.enteredAt),
      previousBand: state.decided.previousBand,
      probability: state.decided.probability,
      expectedLossMinor: state.decided.expectedLossMinor,
      disposition: state.decided.disposition,
      heldUntil: time(state.decided.heldUntil),
      evaluatedAt: time(state.decided.evaluatedAt),
    },
    /** Plain arithmetic with the champion's weights, at `at`. */
    now: scored !== undefined &&
      model !== undefined && {
        model: model.version,
        logit: scored,
        probability: probabilityOf(scored),
        reasons: reasonsAt(state, at, model).map(({ group, logit, sentence }) => ({ group, logit, sentence })),
      },
    nextAppointment: time(nextAppointment),
    consent: Object.fromEntries(
      Object.entries(state.consent).map(([purpose, word]) => [purpose, { granted: word.granted, at: time(word.at) }]),
    ),
    actions: Object.fromEntries(ACTION_KINDS.flatMap((kind) => ledgerOf(state, kind))),
    features: FEATURES.map(({ name, group, unit }, i) => ({ name, group, unit, value: vector[i] ?? 0 })),
    timeline: timeline.map(({ kind, time: when, detail }) => ({ at: time(when), kind, detail })),
  }
}

function ledgerOf({ actions }: CustomerState, kind: (typeof ACTION_KINDS)[number]) {
  const ledger = actions[kind]
  if (ledger === undefined) return []
  const entry = {
    decidedAt: time(ledger.decidedAt),
    deliveredAt: time(ledger.deliveredAt),
    delivered: ledger.delivered,
    failedAt: time(ledger.failedAt),
    suppressedAt: time(ledger.suppressedAt),
    acknowledgedAt: time(ledger.acknowledgedAt),
    snoozedUntil: time(ledger.snoozedUntil),
    resolvedAt: time(ledger.resolvedAt),
    outcome: ledger.outcome,
  }
  return [[kind, entry] as const]
}

/** RFC 3339; undefined for an instant that never was. */
function time(ms: number | undefined): string | undefined {
  return ms === undefined || ms < 0 ? undefined : new Date(ms).toISOString()
}
