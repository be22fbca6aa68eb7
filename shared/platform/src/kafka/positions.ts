import { HoldfastError } from '../errors.ts'
import type { LogBounds, Position } from './log-bounds.ts'

/** Where reading goes on, by topic and partition. */
export interface Positions {
  get(topic: string, partition: number): number | undefined
  set(position: Position): void
  clear(): void
}

export function createPositions(): Positions {
  const byTopic = new Map<string, Map<number, number>>()
  return {
    get: (topic, partition) => byTopic.get(topic)?.get(partition),
    set({ topic, partition, offset }) {
      const offsets = byTopic.get(topic) ?? new Map<number, number>()
      byTopic.set(topic, offsets.set(partition, offset))
    },
    clear: () => byTopic.clear(),
  }
}

/** Where to start on each partition: the stored offset, else the start of the log. */
export function startingPositions(
  stored: readonly Position[],
  bounds: readonly LogBounds[],
): { readonly position: Position; readonly error: HoldfastError | undefined }[] {
  return bounds.map((bound) => {
    const { topic, partition, low } = bound
    const found = stored.find((position) => position.topic === topic && position.partition === partition)
    const position = found ?? { topic, partition, offset: low }
    return { position, error: outOfRange(position, bound) }
  })
}

/** The error of an offset that its log does not reach, or undefined where it does. An offset at the end waits for the next record. */
export function outOfRange(
  { topic, partition, offset }: Position,
  { low, high }: LogBounds,
): HoldfastError | undefined {
  if (offset >= low && offset <= high) return undefined
  const where = `${topic}, partition ${partition}: the state reflects the log up to offset ${offset}`
  if (offset < low) {
    return new HoldfastError({
      code: 'KAFKA_OFFSET_LOST',
      message: `${where}, and the log now begins at ${low}: ${low - offset} records were deleted unread`,
      cure: 'run holdfast rebuild to start anew from what is left, and lift the retention limit of the topic.',
    })
  }
  return new HoldfastError({
    code: 'KAFKA_OFFSET_AHEAD',
    message: `${where}, and the log ends at ${high}: it was deleted and made anew, or is another one`,
    cure: 'check KAFKA_BROKERS and the topic; if the log is the right one, run holdfast rebuild.',
  })
}
