import { type Command, InvalidArgumentError } from 'commander'
import { coded, EXIT } from '../errors.ts'
import { note, print } from '../output/text.ts'

interface Options {
  readonly foreground?: true
  readonly customers: number
  readonly shop: boolean
}

export function addUp(program: Command): void {
  program
    .command('up')
    .summary('start everything: Kafka, Redis, the risk-worker, a generated shop')
    .description(
      'Starts the pipeline on this machine and returns when it is ready. Kafka and Redis are those of KAFKA_BROKERS and ' +
        'REDIS_URL where set, else real ones that are started (and, where need be, installed) here. A generated shop ' +
        'flows through it: 18 months of history first, then one event at a time with the clock. The next start goes on ' +
        'where this one ended; all data is under .holdfast/live.',
    )
    .option('--foreground', 'stay, with a line of status every ten seconds, until Ctrl-C stops everything')
    .option('--customers <n>', 'how many customers a new shop has', wholeNumber, 10_000)
    .option('--no-shop', 'no generated shop: only what you produce or import')
    .addHelpText(
      'after',
      `
Examples:
  npx holdfast up                     in the background; "npx holdfast down" stops it
  npx holdfast up --foreground        what "npm start" does
  npx holdfast up --no-shop           for your own events: then import or produce them
  KAFKA_BROKERS=kafka:9092 REDIS_URL=redis://redis:6379 npx holdfast up --no-shop

Every variable of the risk-worker is passed on to it, such as CURRENCY_RATES, POLICY_FILE or TOPIC_PURCHASES.`,
    )
    .action(async (options: Options) => {
      const { readRunState, stopRun } = await import('@holdfast/local')
      const reading = readRunState()
      if (reading.kind === 'running') throw await alreadyRunning(reading.state.owner.pid)
      if (reading.kind === 'stale') {
        note('ending what the last run left behind')
        await stopRun()
      }
      await (options.foreground ? foreground(options) : detached(options))
    })
}

async function foreground({ shop, customers }: Options): Promise<void> {
  const { readyText, runInForeground } = await import('../run/foreground.ts')
  const { tellStarter } = await import('../run/detached.ts')
  const { explainError } = await import('@holdfast/platform')
  const hasStarter = process.send !== undefined
  try {
    const code = await runInForeground({
      env: process.env,
      shop,
      customers,
      say(line) {
        note(line)
        void tellStarter({ kind: 'say', text: line })
      },
      onReady(state) {
        const text = readyText(state, hasStarter ? 'npx holdfast down' : 'Ctrl-C')
        print(text)
        void tellStarter({ kind: 'ready', text })
      },
    })
    process.exit(code)
  } catch (thrown) {
    const text = explainError(coded(thrown))
    note(text)
    await tellStarter({ kind: 'failed', text })
    // Whatever could not be stopped must not keep us.
    process.exit(EXIT.failed)
  }
}

async function detached({ shop, customers }: Options): Promise<void> {
  const { startDetached } = await import('../run/detached.ts')
  const script = process.argv[1] ?? ''
  const args = ['--customers', String(customers), ...(shop ? [] : ['--no-shop'])]
  print(await startDetached(script, args, note))
}

async function alreadyRunning(pid: number) {
  const { HoldfastError } = await import('@holdfast/platform')
  return new HoldfastError({
    code: 'ALREADY_RUNNING',
    message: `it is running already, owned by process ${pid}`,
    cure: '"npx holdfast status" shows where; "npx holdfast down" stops it.',
  })
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('expected a whole number from 1 to 9,999,999')
}
