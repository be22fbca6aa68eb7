import { HoldfastError } from '../errors.ts'
import type { LogBounds, Position } from './log-bounds.ts'

/** Where reading goes on, by topic and partition. */
export interface Positions {
  get(topic: string, partition: number): number | undefined
  set(position: Position): void
  /** As `set`, because somebody wants to read elsewhere. */
  seek(position: Position): void
  /** How often somebody sought there: a batch during which this rises is obsolete. */
  seeks(topic: string, partition: number): number
  clear(): void
}

export function createPositions(): Positions {
  const byTopic = new Map<string, Map<number, number>>()
  const seeks = new Map<string, number>()
  const set = ({ topic, partition, offset }: Position): void => {
    const offsets = byTopic.get(topic) ?? new Map<number, number>()
    byTopic.set(topic, offsets.set(partition, offset))
  }
  const seeksOf = (topic: string, partition: number) => seeks.get(`${topic}:${partition}`) ?? 0
  return {
    get: (topic, partition) => byTopic.get(topic)?.get(partition),
    set,
    seek(position) {
      const { topic, partition } = position
      set(position)
      seeks.set(`${topic}:${partition}`, seeksOf(topic, partition) + 1)
    },
    seeks: seeksOf,
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
