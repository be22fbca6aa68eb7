import kafkajs, { type GroupMember, type PartitionAssigner } from 'kafkajs'
import { z } from 'zod'
import { HoldfastError } from '../errors.ts'

export interface Member {
  readonly id: string
  /** Partitions that it says it had; it may be wrong, or another may say the same. */
  readonly owned: readonly number[]
}

/**
 * Deals partitions 0..count-1 out to members: shares differ by one at most, a member keeps what it had as far as its share
 * goes, and the same input gives the same result whatever the order of members.
 */
export function dealPartitions(members: readonly Member[], count: number): Map<string, number[]> {
  const sorted = [...members].sort((a, b) => (a.id < b.id ? -1 : 1))
  const kept = claimsOf(sorted, count)
  const small = Math.floor(count / sorted.length)
  // The larger shares go to those who have most to keep, so that fewer partitions move.
  const byHolding = [...sorted].sort((a, b) => (kept.get(b.id)?.length ?? 0) - (kept.get(a.id)?.length ?? 0))
  const larger = new Set(byHolding.slice(0, count % sorted.length).map(({ id }) => id))
  const shareOf = (id: string) => (larger.has(id) ? small + 1 : small)

  const dealt = new Map(sorted.map(({ id }) => [id, (kept.get(id) ?? []).slice(0, shareOf(id))]))
  const held = new Set([...dealt.values()].flat())
  const free = Array.from({ length: count }, (_, partition) => partition).filter((partition) => !held.has(partition))
  for (const [id, partitions] of dealt) {
    partitions.push(...free.splice(0, shareOf(id) - partitions.length))
    partitions.sort((a, b) => a - b)
  }
  return dealt
}

function claimsOf(sorted: readonly Member[], count: number): Map<string, number[]> {
  const claimed = new Set<number>()
  return new Map(
    sorted.map(({ id, owned }) => {
      const fresh = [...new Set(owned)].filter((partition) => partition < count && !claimed.has(partition))
      for (const partition of fresh) claimed.add(partition)
      return [id, fresh.sort((a, b) => a - b)]
    }),
  )
}

/**
 * An assigner for kafkajs that gives partition p of every subscribed topic to the same member. `owned` is asked at each
 * join and travels in the member's metadata, which is what makes the deal sticky.
 * @throws HoldfastError KAFKA_PARTITIONS_DIFFER from the leader's join when the topics do not have the same count.
 */
export function copartitionAssigner(owned: () => readonly number[]): PartitionAssigner {
  const { MemberMetadata, MemberAssignment } = kafkajs.AssignerProtocol
  const name = 'holdfast-copartition'
  const version = 0
  return ({ cluster }) => ({
    name,
    version,
    protocol: ({ topics }) => ({
      name,
      metadata: MemberMetadata.encode({ version, topics, userData: encodeOwned(owned()) }),
    }),
    async assign({ members, topics }) {
      const counts = topics.map((topic) => ({ topic, count: cluster.findTopicPartitionMetadata(topic).length }))
      const dealt = dealPartitions(members.map(memberOf), requireEqualCounts(counts))
      return [...dealt].map(([memberId, partitions]) => ({
        memberId,
        memberAssignment: MemberAssignment.encode({
          version,
          assignment: Object.fromEntries(topics.map((topic) => [topic, partitions])),
          userData: Buffer.alloc(0),
        }),
      }))
    },
  })
}

export interface TopicCount {
  readonly topic: string
  readonly count: number
}

/**
 * The number of partitions that all of these topics have.
 * @throws HoldfastError KAFKA_PARTITIONS_DIFFER that names them with their counts.
 */
export function requireEqualCounts(counts: readonly TopicCount[]): number {
  const most = Math.max(...counts.map(({ count }) => count))
  const fewer = counts.filter(({ count }) => count !== most)
  if (fewer.length === 0) return most
  const list = counts.map(({ topic, count }) => `${topic} has ${count}`).join(', ')
  throw new HoldfastError({
    code: 'KAFKA_PARTITIONS_DIFFER',
    message: `the input topics must have the same number of partitions, so that one worker sees all of a customer: ${list}`,
    cure:
      `give ${fewer.map(({ topic }) => topic).join(', ')} ${most} partitions as well (kafka-topics.sh --alter --topic … ` +
      `--partitions ${most}), or name other topics; where state exists already, run holdfast rebuild afterwards, because ` +
      'keys then hash to other partitions.',
  })
}

const ownedSchema = z.array(z.int().min(0))

function encodeOwned(partitions: readonly number[]): Buffer {
  return Buffer.from(JSON.stringify(partitions))
}

function memberOf({ memberId, memberMetadata }: GroupMember): Member {
  const userData = kafkajs.AssignerProtocol.MemberMetadata.decode(memberMetadata)?.userData
  return { id: memberId, owned: decodeOwned(userData) }
}

/** What another version of this program wrote there is no reason to refuse it: it only loses its stickiness. */
function decodeOwned(bytes: Buffer | null | undefined): number[] {
  try {
    const parsed = ownedSchema.safeParse(JSON.parse(String(bytes ?? '[]')))
    return parsed.success ? parsed.data : []
  } catch {
    return []
  }
}
