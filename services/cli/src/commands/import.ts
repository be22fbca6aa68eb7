import { createWriteStream, statSync, type WriteStream } from 'node:fs'
import { basename } from 'node:path'
import type { Command } from 'commander'
import { fileUnreadable, usageError } from '../errors.ts'
import type { Outgoing } from '../events/outgoing.ts'
import type { BadRow, Imported } from '../import/import-rows.ts'
import { note, plural, print, printJson, table } from '../output/text.ts'

interface Options {
  readonly map: string
  readonly toKafka?: true
  readonly out?: string
  readonly dryRun?: true
  readonly badRows?: string
  readonly json?: true
}

const DRY_RUN_EVENTS = 10

export function addImport(program: Command): void {
  program
    .command('import')
    .summary('read a CSV file into the topics')
    .description(
      'Makes events of the rows of a CSV file, as a map says, and sends them to the topics of their types. A .gz file is ' +
        'unpacked on the way. A bad row is written to a file beside, with its line and what is wrong, and the rest goes on; ' +
        'the same file can be imported again, because event ids come from the rows.',
    )
    .argument('<file>', 'CSV file, may end in .gz')
    .requiredOption('--map <path>', 'YAML file that says which row makes which event')
    .option('--to-kafka', 'send the events to Kafka (the default)')
    .option('--out <path>', 'write them to a file instead, one JSON object a line; "-" for standard output')
    .option('--dry-run', `print the first ${DRY_RUN_EVENTS} events, and do nothing else`)
    .option('--bad-rows <path>', 'where bad rows go (default: <file>.bad-rows.ndjson here)')
    .option('--json', 'print the summary as JSON')
    .addHelpText(
      'after',
      `
Examples:
  npx holdfast import shop.csv.gz --map infra/maps/online-retail-year1.yaml --dry-run
  npx holdfast import shop.csv.gz --map infra/maps/online-retail-year1.yaml
  npx holdfast import shop.csv --map my-map.yaml --out events.ndjson

Amounts in another currency than BASE_CURRENCY need its rate in CURRENCY_RATES, here and at the risk-worker.`,
    )
    .action(async (file: string, options: Options) => {
      if (options.toKafka && options.out !== undefined) throw usageError('--to-kafka and --out exclude each other')
      if (options.dryRun) return dryRun(file, options)
      const badFile = options.badRows ?? `${basename(file)}.bad-rows.ndjson`
      const summary =
        options.out === undefined
          ? await importToKafka(file, options.map, badFile)
          : await importToFile(file, options.map, badFile, options.out)
      const out = options.out === '-' ? note : print
      if (options.json) printJson(summary)
      else out(explain(summary, badFile))
    })
}

function explain({ rows, events, byType, withoutEvent, badRows }: Imported, badFile: string): string {
  const lines = [`${plural(rows, 'row')}, ${plural(events, 'event')}`]
  if (events > 0) lines.push(table(Object.entries(byType), '  '))
  if (withoutEvent > 0) lines.push(`${plural(withoutEvent, 'row')} for which the map has no event`)
  if (badRows > 0) lines.push(`${plural(badRows, 'bad row')}: see ${badFile}`)
  return lines.join('\n')
}

async function importToKafka(file: string, mapFile: string, badFile: string): Promise<Imported> {
  const { withInstallation } = await import('../installation.ts')
  const { createSender } = await import('../events/outgoing.ts')
  const prepared = await prepare(mapFile)
  return withInstallation(async (on) => {
    const sender = createSender(await on.producer(), on.topics)
    const summary = await run(file, prepared, badFile, (event) => sender.push(event))
    await sender.end()
    return summary
  })
}

async function importToFile(file: string, mapFile: string, badFile: string, out: string): Promise<Imported> {
  const prepared = await prepare(mapFile)
  const target = out === '-' ? process.stdout : createWriteStream(out)
  const summary = await run(file, prepared, badFile, async ({ value }) => {
    if (!target.write(`${value}\n`)) await new Promise<void>((resolve) => target.once('drain', resolve))
  })
  if (target !== process.stdout) await closed(target as WriteStream)
  return summary
}

async function dryRun(file: string, { map, json }: Options): Promise<void> {
  const events: string[] = []
  const prepared = await prepare(map)
  const { readRows, openFile } = await import('../import/read-rows.ts')
  const { importRows } = await import('../import/import-rows.ts')
  const summary = await importRows(readRows(openFile(file), prepared.eventMap.csv, file), {
    ...prepared,
    most: DRY_RUN_EVENTS,
    onEvent: ({ value }) => void events.push(String(value)),
    onBadRow: ({ line, reason }) => note(`line ${line}: ${reason}`),
  })
  if (json) printJson({ ...summary, first: events.map((event): unknown => JSON.parse(event)) })
  else for (const event of events) print(event)
}

async function prepare(mapFile: string) {
  const { prepareImport } = await import('../import/prepare.ts')
  return prepareImport(mapFile, process.env)
}

async function run(
  file: string,
  prepared: Awaited<ReturnType<typeof prepare>>,
  badFile: string,
  onEvent: (event: Outgoing) => Promise<void>,
): Promise<Imported> {
  const { readRows, openFile } = await import('../import/read-rows.ts')
  const { importRows } = await import('../import/import-rows.ts')
  const { progressBar } = await import('../output/progress-bar.ts')
  const size = sizeOf(file)
  let bytes = 0
  let badRows: WriteStream | undefined
  const bar = progressBar('rows')
  try {
    return await importRows(
      readRows(
        openFile(file, (n) => (bytes = n)),
        prepared.eventMap.csv,
        file,
      ),
      {
        ...prepared,
        onEvent,
        onBadRow(bad: BadRow) {
          badRows ??= createWriteStream(badFile)
          badRows.write(`${JSON.stringify(bad)}\n`)
        },
        onRow: (rows) => bar.update(bytes / size, rows),
      },
    )
  } finally {
    bar.end()
    if (badRows !== undefined) await closed(badRows)
  }
}

function sizeOf(file: string): number {
  try {
    return Math.max(1, statSync(file).size)
  } catch (cause) {
    throw fileUnreadable(file, cause)
  }
}

function closed(stream: WriteStream): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.once('error', reject)
    stream.end(() => resolve())
  })
}
