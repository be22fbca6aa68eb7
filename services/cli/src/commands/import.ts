import { existsSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { usageError } from '../errors.ts'
import type { Imported, ImportProgress } from '../import/import-rows.ts'
import { withKafka } from '../import/open-events.ts'
import { count, note, plural, print, printJson, table } from '../output/text.ts'

interface Options {
  readonly map: string
  readonly toKafka?: true
  readonly out?: string
  readonly dryRun?: true
  readonly badRows?: string
  readonly again?: true
  readonly json?: true
}

const DRY_RUN_EVENTS = 10

export function addImport(program: Command): void {
  program
    .command('import')
    .summary('make events of files and send them to the topics')
    .description(
      'Makes events of the rows of CSV, NDJSON or Parquet files, as a map says, and sends them to the topics of their types. A ' +
        '.gz file is unpacked on the way. A bad row is written to a file beside, with its line and what is wrong, and the rest ' +
        'goes on. An import that was broken off goes on where it was when it is started again; event ids come from the rows.',
    )
    .argument(
      '<files...>',
      'CSV (also without header, or padded with blanks), NDJSON or Parquet; the first two may end in .gz',
    )
    .requiredOption('--map <path>', 'YAML file that says which row makes which event')
    .option('--to-kafka', 'send the events to Kafka (the default)')
    .option('--out <path>', 'write them to a file instead, one JSON object a line; "-" for standard output')
    .option('--dry-run', `print the first ${DRY_RUN_EVENTS} events, and do nothing else`)
    .option('--bad-rows <path>', 'where bad rows go (default: <file>.bad-rows.ndjson here)')
    .option('--again', 'start from the beginning, also where an earlier run got further or sent everything')
    .option('--json', 'print the summary as JSON')
    .addHelpText(
      'after',
      `
Examples:
  npx holdfast import shop.csv.gz --map infra/maps/online-retail-year1.yaml --dry-run
  npx holdfast import shop.csv.gz --map infra/maps/online-retail-year1.yaml
  npx holdfast import 2025.parquet 2026.parquet --map my-map.yaml --out events.ndjson

Maps to begin with are in infra/maps: two public purchase logs, contacts of HubSpot and Salesforce, tickets of Zendesk.
Amounts in another currency than BASE_CURRENCY need its rate in CURRENCY_RATES, here and at the risk-worker.`,
    )
    .action(async (files: string[], options: Options) => {
      if (options.toKafka && options.out !== undefined) throw usageError('--to-kafka and --out exclude each other')
      if (options.dryRun) return dryRun(files, options)
      const badFile = options.badRows ?? `${basename(files[0] ?? 'import')}.bad-rows.ndjson`
      const summary =
        options.out === undefined
          ? await importToKafka(files, options, badFile)
          : await importToFile(files, options, badFile, options.out)
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

async function importToKafka(files: readonly string[], options: Options, badFile: string): Promise<Imported> {
  const { homeFolder } = await import('@holdfast/local')
  const { logBounds } = await import('@holdfast/platform')
  const { inputTopics } = await import('../config.ts')
  const { createSender } = await import('../events/outgoing.ts')
  const { fingerprint, keyOf, openCheckpoint } = await import('../import/checkpoint.ts')
  const { topicsTarget } = await import('../import/run-import.ts')
  const prepared = await prepare(options.map, files)
  return withKafka(async (on) => {
    const admin = await on.admin()
    const { clusterId } = await admin.describeCluster()
    const topics = inputTopics(on.topics)
    const key = keyOf([prepared.basis, ...files.map(fingerprint), clusterId, ...topics])
    const checkpoint = openCheckpoint(join(homeFolder(), 'imports', `${key.slice(0, 32)}.json`), key)
    const held = (await logBounds(admin, topics)).reduce((sum, { high }) => sum + high, 0)
    // Topics that were emptied since hold nothing of what was noted.
    const isHeld = checkpoint.saved !== undefined && held >= checkpoint.saved.progress.events
    if (checkpoint.saved?.isDone && isHeld && !options.again) {
      note(`${files.join(', ')}: everything was sent to these topics before; nothing is sent twice (--again does)`)
      const { reads: _, ...sent } = checkpoint.saved.progress
      return sent
    }
    const sender = createSender(await on.producer(), on.topics)
    return run(files, options, prepared, badFile, {
      target: () => topicsTarget(sender),
      checkpoint: options.again || !isHeld ? { ...checkpoint, saved: undefined } : checkpoint,
    })
  })
}

async function importToFile(
  files: readonly string[],
  options: Options,
  badFile: string,
  out: string,
): Promise<Imported> {
  const target = await import('../import/run-import.ts')
  const { fingerprint, keyOf, openCheckpoint } = await import('../import/checkpoint.ts')
  const prepared = await prepare(options.map, files)
  if (out === '-') return run(files, options, prepared, badFile, { target: target.standardOutputTarget })
  target.requireFileName(out)
  const { sizeOf } = await import('../import/rows-of.ts')
  files.forEach(sizeOf)
  const checkpoint = openCheckpoint(
    `${out}.checkpoint`,
    keyOf([prepared.basis, ...files.map(fingerprint), resolve(out)]),
  )
  const draft = target.draftOf(out)
  const isThere = existsSync(draft) && statSync(draft).size >= (checkpoint.saved?.outBytes ?? 0)
  const imported = await run(files, options, prepared, badFile, {
    target: (saved) => target.fileTarget(out, saved),
    checkpoint: options.again || !isThere ? { ...checkpoint, saved: undefined } : checkpoint,
  })
  checkpoint.forget()
  return imported
}

async function dryRun(files: readonly string[], { map, json }: Options): Promise<void> {
  const events: string[] = []
  const prepared = await prepare(map, files)
  const { rowsOf } = await import('../import/rows-of.ts')
  const { importRows } = await import('../import/import-rows.ts')
  const summary = await importRows(rowsOf(files, prepared.eventMap), {
    ...prepared,
    most: DRY_RUN_EVENTS,
    onEvent: ({ value }) => void events.push(String(value)),
    onBadRow: ({ line, reason }) => note(`line ${line}: ${reason}`),
  })
  if (json) printJson({ ...summary, first: events.map((event): unknown => JSON.parse(event)) })
  else for (const event of events) print(event)
  if (events.length === 0) {
    note(`no event comes of ${plural(summary.rows, 'row')} (${plural(summary.badRows, 'bad one')})`)
    process.exitCode = 1
  }
}

async function prepare(mapFile: string, files: readonly string[]) {
  const { prepareImport } = await import('../import/prepare.ts')
  return prepareImport(mapFile, process.env, files)
}

type Run = Parameters<typeof import('../import/run-import.ts')['runImport']>[0]

async function run(
  files: readonly string[],
  { map }: Options,
  prepared: Run['prepared'],
  badFile: string,
  rest: Pick<Run, 'target' | 'checkpoint'>,
): Promise<Imported> {
  const { runImport } = await import('../import/run-import.ts')
  const { progressBar } = await import('../output/progress-bar.ts')
  const onResume = ({ rows, events }: ImportProgress) =>
    note(`going on behind ${count(rows)} rows, which made ${plural(events, 'event')}`)
  return runImport({ files, mapFile: map, prepared, badFile, bar: progressBar('rows'), onResume, ...rest })
}
