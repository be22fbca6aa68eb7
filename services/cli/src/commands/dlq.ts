import { type Command, InvalidArgumentError } from 'commander'
import type { DeadLetter } from '../dead-letters/dead-letter.ts'
import { usageError } from '../errors.ts'
import type { Installation } from '../installation.ts'
import { instant, note, plural, print, printJson, table } from '../output/text.ts'

interface ListOptions {
  readonly limit: number
  readonly json?: true
}

interface ReplayOptions {
  readonly all?: true
  readonly reason?: string
  readonly json?: true
}

export function addDlq(program: Command): void {
  const dlq = program
    .command('dlq')
    .summary('look at dead letters, send them again, let a stopped intake go on')
    .description(
      'Dead letters are records that could not be taken, with the reason and where they stood. They are named by their ' +
        'origin, topic/partition/offset.',
    )
    .addHelpText(
      'after',
      `
Examples:
  npx holdfast dlq list
  npx holdfast dlq show customer.purchases/2/1234
  npx holdfast dlq replay --all          after mending what made them fail, such as CURRENCY_RATES
  npx holdfast dlq resume                after intake stopped because most records were invalid`,
    )

  dlq
    .command('list')
    .description('The newest dead letters, and how many there are of each reason.')
    .option('--limit <n>', 'how many of each partition to look at', wholeNumber, 100)
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExamples:\n  npx holdfast dlq list\n  npx holdfast dlq list --json | jq .byReason')
    .action(async ({ limit, json }: ListOptions) => {
      const { letters, total, stopped } = await withInstallation(async (on) => {
        const { letters, total } = await newest(on, limit)
        return { letters, total, stopped: await (await on.redis()).get(on.keys.intakeStopped) }
      })
      const { countReasons, deadLetterJson, oneLine } = await import('../dead-letters/dead-letter.ts')
      if (json) {
        const byReason = Object.fromEntries(countReasons(letters))
        return printJson({ total, intakeStopped: stopped, byReason, letters: letters.map(deadLetterJson) })
      }
      if (stopped !== null)
        note(`Intake is stopped: ${stopped}\nWhen the producer is mended: npx holdfast dlq resume\n`)
      if (letters.length === 0) return print('no dead letters')
      const seen = total > letters.length ? `, the newest ${letters.length} of them looked at` : ''
      print(`${plural(total, 'dead letter')}${seen}\n`)
      print(table(countReasons(letters).map(([reason, n]) => [n, oneLine(reason, 100)])))
      print('')
      print(table(letters.slice(0, 20).map((l) => [instant(l.timestamp), l.origin, oneLine(l.reason, 100)])))
    })

  dlq
    .command('show')
    .description('One dead letter as it came.')
    .argument('<origin>', 'topic/partition/offset, as "dlq list" prints it')
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExample:\n  npx holdfast dlq show customer.purchases/2/1234')
    .action(async (origin: string, { json }: { json?: true }) => {
      const { deadLetterJson } = await import('../dead-letters/dead-letter.ts')
      const letter = deadLetterJson(await withInstallation(async (on) => one((await newest(on)).letters, origin)))
      if (json) return printJson(letter)
      const { reason, timestamp, key, value } = letter
      print(
        table([
          ['origin', origin],
          ['reason', reason],
          ['time', timestamp],
          ['key', key ?? '(none)'],
        ]),
      )
      print(`\n${value ?? '(empty)'}`)
    })

  dlq
    .command('resume')
    .description('Lets intake go on after it stopped because most records were invalid.')
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExample:\n  npx holdfast dlq resume')
    .action(async ({ json }: { json?: true }) => {
      const removed = await withInstallation(async (on) => (await on.redis()).del(on.keys.intakeStopped))
      if (json) return printJson({ wasStopped: removed > 0 })
      print(removed > 0 ? 'intake goes on' : 'intake was not stopped')
    })

  dlq
    .command('replay')
    .description('Sends dead letters to the topics that they came from once more, byte for byte.')
    .argument('[origins...]', 'which ones')
    .option('--all', 'every dead letter')
    .option('--reason <text>', 'those whose reason contains this text')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  npx holdfast dlq replay customer.purchases/2/1234\n  npx holdfast dlq replay --reason "has no rate"',
    )
    .action(async (origins: string[], { all, reason, json }: ReplayOptions) => {
      if (origins.length === 0 && !all && reason === undefined) throw usageError('name origins, --reason or --all')
      const sent = await withInstallation(async (on) => {
        const { letters } = await newest(on)
        for (const origin of origins) one(letters, origin)
        const wanted = letters
          .filter((letter) => origins.length === 0 || origins.includes(letter.origin))
          .filter((letter) => reason === undefined || letter.reason.includes(reason))
        const { replay } = await import('../dead-letters/replay.ts')
        return replay(await on.producer(), on.topics, wanted)
      })
      if (json) return printJson({ sent })
      print(`${plural(sent, 'record')} sent again; what still cannot be taken comes back as a new dead letter`)
    })
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('expected a whole number above 0')
}

async function withInstallation<T>(work: (on: Installation) => Promise<T>): Promise<T> {
  return (await import('../installation.ts')).withInstallation(work)
}

/** Newest first. */
async function newest(on: Installation, limit?: number): Promise<{ letters: DeadLetter[]; total: number }> {
  const { readDeadLetters } = await import('../dead-letters/read-dead-letters.ts')
  return readDeadLetters({ kafka: on.kafka, admin: await on.admin(), topic: on.topics.deadLetters, limit })
}

function one(letters: readonly DeadLetter[], origin: string): DeadLetter {
  const letter = letters.find((candidate) => candidate.origin === origin)
  if (letter === undefined) throw usageError(`there is no dead letter from ${origin}; "dlq list" names them`)
  return letter
}
