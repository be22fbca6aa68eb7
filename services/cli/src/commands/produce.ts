import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { Command } from 'commander'
import { fileUnreadable, usageError } from '../errors.ts'
import { readLines } from '../events/read-lines.ts'
import { note, plural, print, printJson, table } from '../output/text.ts'

interface Options {
  readonly file?: string
  readonly type?: string
  readonly customer?: string
  readonly data?: string
  readonly time?: string
  readonly id?: string
  readonly source: string
  readonly json?: true
}

export function addProduce(program: Command): void {
  program
    .command('produce')
    .summary('send events to the topics of their types')
    .description(
      'Sends CloudEvents to the topics of their types, keyed by customer as Java does (murmur2). Every event is held against ' +
        'the contract first: one that is not good is named with its reason and not sent, and the exit code is 1.',
    )
    .option('--file <path>', 'events, one JSON object a line; "-" for standard input (the default without --type)')
    .option('--type <type>', 'send one event of this type, such as purchase.completed')
    .option('--customer <id>', 'whose event it is')
    .option('--data <json>', 'its data, such as \'{"amount":"49.90","currency":"EUR"}\'')
    .option('--time <rfc3339>', 'when it happened (default: now)')
    .option('--id <id>', 'its id (default: a new one)')
    .option('--source <uri>', 'its source', '/holdfast/cli')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  npx holdfast produce --type purchase.completed --customer cust-42 --data '{"amount":"49.90","currency":"EUR"}'
  npx holdfast produce --type support.ticket_opened --customer cust-42 --data '{"ticketId":"t-7","complaint":true}'
  npx holdfast produce --file events.ndjson
  zcat events.ndjson.gz | npx holdfast produce --file -`,
    )
    .action(async (options: Options) => {
      const lines = options.type === undefined ? linesOf(options.file ?? '-') : [oneEvent(options)]
      const { createDecoder } = await import('@holdfast/contracts')
      const { withInstallation } = await import('../installation.ts')
      const { createSender } = await import('../events/outgoing.ts')
      const { produceLines } = await import('../events/produce-lines.ts')
      const result = await withInstallation(async (on) => {
        const { BASE_CURRENCY: base, CURRENCY_RATES: rates } = on.config
        return produceLines(lines, {
          decode: createDecoder({ base, rates, topics: on.topics }),
          sender: createSender(await on.producer(), on.topics),
          now: (await on.clock()).now,
          onBad: (line, reason) => note(options.type === undefined ? `line ${line}: ${reason}` : reason),
        })
      })
      if (options.json) printJson(result)
      else {
        print(`${plural(result.sent, 'event')} sent${result.bad > 0 ? `, ${result.bad} refused` : ''}`)
        if (result.sent > 0) print(table(Object.entries(result.byType), '  '))
      }
      if (result.bad > 0) process.exitCode = 1
    })
}

function oneEvent({ type, customer, data = '{}', time, id, source, file }: Options): string {
  if (file !== undefined) throw usageError('--file and --type exclude each other')
  if (customer === undefined) throw usageError('--type needs --customer')
  let parsed: unknown
  try {
    parsed = JSON.parse(data)
  } catch (error) {
    throw usageError(`--data is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
  return JSON.stringify({
    specversion: '1.0',
    id: id ?? randomUUID(),
    source,
    type,
    subject: customer,
    time: time ?? new Date().toISOString(),
    data: parsed,
  })
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const input = file === '-' ? process.stdin : createReadStream(file)
  try {
    yield* readLines(input)
  } catch (cause) {
    throw fileUnreadable(file, cause)
  }
}
