import type { Command } from 'commander'
import { usageError } from '../errors.ts'
import { withKafka } from '../import/open-events.ts'
import { count, note, plural, print, printJson } from '../output/text.ts'

interface Options {
  readonly map: string
  readonly topics?: string[]
  readonly group?: string
  readonly start: string
  readonly once?: true
  readonly json?: true
}

const TELL_EVERY_MS = 10_000
/** Dead letters that are told one by one; of the others only the number. */
const TOLD_DEAD_LETTERS = 10

export function addBridge(program: Command): void {
  program
    .command('bridge')
    .summary('turn live topics of another shape into events')
    .description(
      'Reads topics that you have already, such as orders, and sends what a map makes of their records to the topics of the ' +
        'pipeline, at least once and with ids that a repetition does not change. Start it several times to share the work. A ' +
        'record that no event can be made of goes to the dead letters with the reason. Runs until it is stopped.',
    )
    .requiredOption('--map <path>', 'YAML file as for import; records are JSON objects, nested fields have dots')
    .option('--topics <names...>', "topics to read (default: the map's bridge.topics)")
    .option('--group <id>', 'consumer group (default: holdfast-bridge and the source that the map names)')
    .option('--start <where>', 'where a new group starts: beginning or end', 'beginning')
    .option('--once', 'stop when everything that is there now has been read')
    .option('--json', 'print the summary as JSON')
    .addHelpText(
      'after',
      `
Examples:
  npx holdfast bridge --map my-orders.yaml --topics shop.orders
  npx holdfast bridge --map my-orders.yaml --once      what is there now, and no more

Besides the record's own fields the map may name @topic, @partition, @offset, @key and @timestamp (epoch-ms).`,
    )
    .action(async (options: Options) => {
      const { start } = options
      if (start !== 'beginning' && start !== 'end') throw usageError('--start is beginning or end')
      const { createBridge } = await import('../bridge/bridge-record.ts')
      const { runBridge } = await import('../bridge/run-bridge.ts')
      const { prepareBridge } = await import('../bridge/prepare-bridge.ts')
      const { eventMap, map, decode } = await prepareBridge(options.map, process.env)
      const from = options.topics ?? eventMap.bridge?.topics ?? []
      if (from.length === 0)
        throw usageError(`no topic to read: name it with --topics or in ${options.map} (bridge.topics)`)

      const stop = new AbortController()
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
      let toldAt = performance.now()
      let toldLetters = 0
      const counts = await withKafka(async (on) => {
        const own = from.find((topic) => Object.values(on.topics).includes(topic))
        if (own !== undefined) throw usageError(`${own} is a topic of the pipeline itself`)
        const groupId = options.group ?? `holdfast-bridge-${eventMap.source}`
        note(`bridging ${from.join(', ')} as group ${groupId}`)
        return runBridge({
          kafka: on.kafka,
          admin: await on.admin(),
          producer: await on.producer(),
          bridge: createBridge({ map, decode }),
          from,
          topics: on.topics,
          groupId,
          start,
          once: options.once === true,
          signal: stop.signal,
          onProgress({ records, events, deadLetters }) {
            if (performance.now() - toldAt < TELL_EVERY_MS) return
            toldAt = performance.now()
            note(`${count(records)} records: ${plural(events, 'event')}, ${plural(deadLetters, 'dead letter')}`)
          },
          onDeadLetter(place, reason) {
            if (++toldLetters <= TOLD_DEAD_LETTERS) note(`dead letter: ${place}: ${reason}`)
          },
        })
      })
      if (options.json) return printJson(counts)
      const { records, events, withoutEvent, deadLetters } = counts
      print(
        `${plural(records, 'record')}: ${plural(events, 'event')}, ${plural(deadLetters, 'dead letter')}, ${count(withoutEvent)} without event`,
      )
    })
}
