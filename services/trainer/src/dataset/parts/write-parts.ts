import type { Decode, TopicNames } from '@holdfast/contracts'
import {
  asError,
  createShardConsumer,
  HoldfastError,
  type Logger,
  logBounds,
  partitionCounts,
  readLog,
  requireEqualCounts,
} from '@holdfast/platform'
import { inputRoles, recordTimeOf, type TopicRecordsOptions } from '../../source/topic-records.ts'
import { checkStart, checkUntil, checkWindows, endOfDay, iso, logEmpty, nobodyAt, tellsOfTheShop } from '../guard.ts'
import type { RowFileFormat } from '../output/row-writer.ts'
import { formatPopulation } from '../population.ts'
import type { RowsRequest } from '../snapshots.ts'
import { writeSnapshots } from '../write-dataset.ts'
import { type Part, type PartFiles, partFiles } from './part-files.ts'
import { createPartitionWork, type PartitionWork } from './partition-work.ts'
import { forgetPlan, type Plan, sharePlan } from './plan.ts'

export interface WritePartsOptions extends RowsRequest {
  readonly kafka: TopicRecordsOptions['kafka']
  readonly admin: TopicRecordsOptions['admin']
  readonly log: Logger
  readonly topics: TopicNames
  readonly decode: Decode
  /** What else decides the rows, such as exchange rates: all processes must agree on it. */
  readonly about?: Readonly<Record<string, string>>
  /** A folder that all processes see. */
  readonly dir: string
  readonly format: RowFileFormat
  readonly splitAt?: number
  readonly onProgress?: (share: number, records: number) => void
  /** Told of each part that this process has written. */
  readonly onPart?: (part: Part) => void
}

export interface WrittenParts {
  readonly parts: readonly Part[]
  /** Of these, how many this process wrote. */
  readonly writtenHere: number
  readonly until: number
}

const LOOK_EVERY_MS = 300

/**
 * Shares the topics out over any number of processes by a consumer group: each partition becomes one part, written by whoever
 * owns it, and kept in memory one partition at a time. Ends when every part is there; what is there when it starts is not
 * done again.
 * @throws HoldfastError DATASET_DIFFERS, LOG_EMPTY, LABEL_LEAKS_PAST_END, CUTOFF_OUTSIDE_LOG, NOBODY_IN_POPULATION
 */
export async function writeParts(options: WritePartsOptions): Promise<WrittenParts> {
  const { dir, format, horizonMs } = options
  const cutoffs = checkWindows(options)
  if (options.until !== undefined) checkUntil({ cutoffs, horizonMs }, options.until, 'as given')
  const plan = await sharePlan(dir, describe(options), () => makePlan(options))
  const files = partFiles(dir, format)
  const writtenHere = await fill(plan, files, options)
  const parts = Array.from({ length: plan.partitions }, (_, partition) => files.read(partition))
  try {
    checkWhole(parts, cutoffs, options)
  } catch (error) {
    files.remove(plan.partitions)
    forgetPlan(dir)
    throw error
  }
  return { parts, writtenHere, until: plan.until }
}

async function makePlan(options: WritePartsOptions): Promise<Pick<Plan, 'until' | 'partitions' | 'ends'>> {
  const { admin, topics, horizonMs } = options
  const inputs = [...inputRoles(topics).keys()]
  const partitions = requireEqualCounts(await partitionCounts(admin, inputs))
  const ends = await logBounds(admin, inputs)
  const until = options.until ?? (await newestDay(options))
  checkUntil({ cutoffs: checkWindows(options), horizonMs }, until, 'the end of the day of the newest records')
  return { until, partitions, ends }
}

/** End of the day of the newest event among the last records of every partition. @throws HoldfastError LOG_EMPTY */
async function newestDay({ kafka, admin, topics, decode }: WritePartsOptions): Promise<number> {
  const roles = inputRoles(topics)
  let newest = Number.NEGATIVE_INFINITY
  await readLog({
    kafka,
    admin,
    topics: [...roles.keys()],
    newest: 1,
    onBatch(records) {
      for (const { topic, value, headers, timestamp } of records) {
        const role = roles.get(topic)
        const decoded = role === undefined ? undefined : decode(role, value, recordTimeOf(headers, timestamp))
        if (decoded?.kind === 'event' && tellsOfTheShop(decoded.event)) newest = Math.max(newest, decoded.event.time)
      }
    },
  })
  if (newest < 0) throw logEmpty(' at the ends of the topics')
  return endOfDay(newest)
}

/** Takes part in the group until every part is there. Returns how many this process has written. */
async function fill(plan: Plan, files: PartFiles, options: WritePartsOptions): Promise<number> {
  const { kafka, log, topics, decode, onProgress, onPart } = options
  const roles = inputRoles(topics)
  const isMissing = (partition: number) => !files.isDone(partition)
  const all = Array.from({ length: plan.partitions }, (_, partition) => partition)
  if (!all.some(isMissing)) return 0

  const total = plan.ends.reduce((sum, { low, high }) => sum + high - low, 0)
  let written = 0
  let readBefore = 0
  /** The partition that is being read; the others wait, so that the memory of one is enough. */
  let current: PartitionWork | undefined
  let fail: (error: Error) => void = () => {}
  const failed = new Promise<never>((_, reject) => {
    fail = reject
  })
  failed.catch(() => {})

  const consumer = createShardConsumer({
    kafka,
    log,
    groupId: plan.groupId,
    topics: [...roles.keys()],
    async onAssigned(partitions) {
      const mine = partitions.filter(isMissing)
      if (current === undefined || !mine.includes(current.partition)) current = workOn(mine[0])
      for (const partition of partitions) if (partition !== current?.partition) consumer.pause(partition)
      if (current?.isComplete()) await finish(current)
      return current?.positions() ?? []
    },
    onRevoked: async () => {},
    async onBatch({ topic, partition, records, lastOffset }) {
      const work = current
      if (work === undefined || work.partition !== partition) return
      work.take(topic, records, lastOffset + 1)
      onProgress?.(Math.min(1, (readBefore + work.read) / Math.max(1, total)), readBefore + work.read)
      if (work.isComplete()) await finish(work)
    },
    onSkipped({ topic, partition, offset }) {
      if (current?.partition !== partition) return
      current.take(topic, [], offset)
      if (current.isComplete()) void finish(current).catch((error: unknown) => fail(asError(error)))
    },
    onFatal: fail,
  })

  const workOn = (partition: number | undefined) =>
    partition === undefined ? undefined : createPartitionWork(partition, { plan, roles, decode, request: options })

  let finishing: PartitionWork | undefined
  async function finish(work: PartitionWork): Promise<void> {
    if (finishing === work) return
    finishing = work
    const { partition, snapshots } = work
    await writeSnapshots(snapshots, files.pathOf(partition), {
      ...options,
      until: plan.until,
      mayBeEmpty: true,
      beforeNamed: (made) => files.describe(partOf(work, made)),
    })
    written++
    onPart?.(files.read(partition))
    readBefore += work.read
    next()
  }

  /** Goes on with the next partition of ours that nobody has done. */
  function next(): void {
    current = workOn(consumer.assigned().find(isMissing))
    if (current === undefined) return
    const work = current
    for (const position of work.positions()) consumer.seek(position)
    consumer.resume(work.partition)
    if (work.isComplete()) void finish(work).catch((error: unknown) => fail(asError(error)))
  }

  let look: NodeJS.Timeout | undefined
  const done = new Promise<void>((resolve) => {
    look = setInterval(() => {
      if (!all.some(isMissing)) resolve()
      else if (current === undefined) next()
    }, LOOK_EVERY_MS)
  })
  try {
    await Promise.race([consumer.start().then(() => done), failed])
  } finally {
    clearInterval(look)
    await consumer.stop()
  }
  await options.admin.deleteGroups([plan.groupId]).catch(() => {})
  return written
}

function partOf(work: PartitionWork, made: Pick<Part, 'rows' | 'churned' | 'byCutoff'>): Part {
  const { events, invalid, skipped, firstInvalid } = work.counts()
  const { customers, firstKnownAt } = work.snapshots.counts()
  return {
    partition: work.partition,
    ...made,
    customers,
    events,
    invalid,
    skipped,
    ...(firstInvalid !== undefined && { firstInvalid }),
    ...(firstKnownAt !== undefined && { firstKnownAt }),
  }
}

/** What only all parts together can tell. */
function checkWhole(parts: readonly Part[], cutoffs: readonly number[], { population }: WritePartsOptions): void {
  const sum = (of: (part: Part) => number) => parts.reduce((total, part) => total + of(part), 0)
  const invalid = sum((part) => part.invalid)
  const events = sum((part) => part.events)
  if (invalid > events) {
    throw new HoldfastError({
      code: 'LOG_INVALID',
      message: `${invalid} of ${events + invalid} records are no events, the first at ${parts.find(({ firstInvalid }) => firstInvalid)?.firstInvalid}`,
      cure: 'are the TOPIC_… variables those of the input topics? Records of other shapes become events with "npx holdfast bridge".',
    })
  }
  if (events === 0) throw logEmpty('')
  checkStart(cutoffs, Math.min(...parts.map(({ firstKnownAt }) => firstKnownAt ?? Number.POSITIVE_INFINITY)))
  for (const cutoff of cutoffs) {
    const rows = sum(({ byCutoff }) => byCutoff.find((one) => one.cutoff === iso(cutoff))?.rows ?? 0)
    if (rows === 0) throw nobodyAt(cutoff, formatPopulation(population ?? { kind: 'ever' }))
  }
}

function describe(options: WritePartsOptions): Record<string, string> {
  const { cutoffs, horizonMs, until, population, splitAt, format, topics, about } = options
  return {
    cutoffs: [...cutoffs]
      .sort((a, b) => a - b)
      .map(iso)
      .join(','),
    horizon: `${horizonMs / 86_400_000}d`,
    until: until === undefined ? 'the end of the newest day' : iso(until),
    population: formatPopulation(population ?? { kind: 'ever' }),
    split: splitAt === undefined ? 'none' : iso(splitAt),
    format,
    topics: [...inputRoles(topics).keys()].join(','),
    ...about,
  }
}
