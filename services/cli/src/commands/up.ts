import { rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { coded, exitCodeOf, usageError } from '../errors.ts'
import { note, print, printJson } from '../output/text.ts'
import type { RunPlan } from '../run/run-plan.ts'

interface Options {
  readonly foreground?: true
  readonly customers: number
  readonly shop: boolean
  readonly timelapse?: string
  readonly replay?: string
  readonly map?: string
  readonly modelMaySend?: true
  readonly fresh?: true
  readonly stopAtEnd?: true
  readonly json?: true
}

export function addUp(program: Command): void {
  program
    .command('up')
    .summary('start everything: Kafka, Redis, the services, a generated shop')
    .description(
      'Starts the pipeline on this machine and returns when it is ready. Kafka and Redis are those of KAFKA_BROKERS and ' +
        'REDIS_URL where set, else real ones that are started (and, where need be, installed) here. A generated shop ' +
        'flows through it: 18 months of history first, then one event at a time with the clock. The next start goes on ' +
        'where this one ended. Live use, time-lapse and replay keep their data apart, in folders of .holdfast (or of HOLDFAST_HOME).',
    )
    .option('--foreground', 'stay, with a line of status every ten seconds, until Ctrl-C stops everything')
    .option('--customers <n>', 'how many customers a new shop has', wholeNumber, 10_000)
    .option('--no-shop', 'no generated shop: only what you produce or import')
    .option('--timelapse <rate>', 'let time run faster: 1d/s is a day a second, 12h/s half a day')
    .option(
      '--replay <file>',
      'instead of the shop, a real log (CSV) from its first day on; needs --map and --timelapse',
    )
    .option('--map <path>', 'YAML file that says which row of the log makes which event')
    .option('--model-may-send', 'in a replay: let a model that learned from a generated shop contact customers')
    .option('--fresh', 'begin anew: forget what earlier time-lapses, or earlier replays, have left')
    .option('--stop-at-end', 'in a replay: stop everything when the log has ended')
    .option('--json', 'when it is ready, print what runs where as JSON')
    .addHelpText(
      'after',
      `
Examples:
  npx holdfast up                     in the background; "npx holdfast down" stops it
  npx holdfast up --foreground        what "npm start" does
  npx holdfast up --no-shop           for your own events: then import or produce them
  npx holdfast up --timelapse 1d/s    a day a second: customers fall silent while you watch
  npx holdfast up --replay orders.csv --map my-map.yaml --timelapse 7d/s
  KAFKA_BROKERS=kafka:9092 REDIS_URL=redis://redis:6379 npx holdfast up --no-shop

Every variable of the services is passed on to them, such as CURRENCY_RATES, POLICY_FILE or TOPIC_PURCHASES.`,
    )
    .action(async (options: Options) => {
      const plan = await planOf(options)
      const { readRunState, stopRun } = await import('@holdfast/local')
      const reading = readRunState()
      if (reading.kind === 'running') throw await alreadyRunning(reading.state.owner.pid)
      if (reading.kind === 'stale') {
        note('ending what the last run left behind')
        await stopRun()
      }
      if (options.fresh) await forget(plan)
      await (options.foreground ? foreground(plan, options) : detached(plan, options))
    })
}

async function planOf(options: Options): Promise<RunPlan> {
  const { timelapse, replay, map, shop, customers, fresh, stopAtEnd } = options
  const modelMaySend = options.modelMaySend === true
  const { parseRate } = await import('@holdfast/platform')
  const rate = timelapse === undefined ? undefined : parseRate(timelapse)
  if (timelapse !== undefined && rate === undefined) {
    throw usageError(`--timelapse ${timelapse}: expected domain time a second, such as 1d/s, 12h/s or 7d/s`)
  }
  if (replay === undefined) {
    if (map !== undefined) throw usageError('--map needs --replay')
    if (modelMaySend)
      throw usageError('--model-may-send needs --replay; for your own log, the policy has sendWithGeneratedModel')
    if (stopAtEnd) throw usageError('--stop-at-end needs --replay: nothing else has an end')
    if (fresh && rate === undefined)
      throw usageError('--fresh is for --timelapse and --replay: live data is not thrown away')
    const feed = shop ? ({ kind: 'shop', customers } as const) : ({ kind: 'none' } as const)
    return { mode: rate === undefined ? 'live' : 'time-lapse', env: process.env, feed, rate, modelMaySend }
  }
  if (map === undefined)
    throw usageError('--replay needs --map, which says what the rows mean; infra/maps has examples')
  if (rate === undefined) throw usageError('--replay needs --timelapse, such as --timelapse 7d/s')
  const feed = { kind: 'replay', file: resolve(replay), map: resolve(map) } as const
  return { mode: 'replay', env: process.env, feed, rate, modelMaySend }
}

/** @throws HoldfastError USAGE where the data is not ours to delete */
async function forget({ mode, env }: RunPlan): Promise<void> {
  if (env.KAFKA_BROKERS || env.REDIS_URL) {
    throw usageError('--fresh deletes data folders, and cannot empty the Kafka or Redis that the environment names')
  }
  const { dataFolder } = await import('@holdfast/local')
  rmSync(dataFolder(mode), { recursive: true, force: true })
}

async function foreground(
  plan: RunPlan,
  { stopAtEnd = false, json }: { stopAtEnd?: boolean; json?: true },
): Promise<void> {
  const { readyText, runInForeground } = await import('../run/foreground.ts')
  const { tellStarter } = await import('../run/detached.ts')
  const { explainError } = await import('@holdfast/platform')
  const hasStarter = process.send !== undefined
  try {
    const code = await runInForeground({
      plan,
      stopsAtEnd: stopAtEnd,
      say(line) {
        note(line)
        void tellStarter({ kind: 'say', text: line })
      },
      onReady(state) {
        const text = readyText(state, hasStarter ? 'npx holdfast down' : 'Ctrl-C')
        if (json) print(JSON.stringify(state))
        else print(text)
        void tellStarter({ kind: 'ready', text })
      },
      onEnded: print,
    })
    process.exit(code)
  } catch (thrown) {
    const text = explainError(coded(thrown))
    note(text)
    await tellStarter({ kind: 'failed', text })
    // Whatever could not be stopped must not keep us.
    process.exit(exitCodeOf(thrown))
  }
}

async function detached({ mode }: RunPlan, options: Options): Promise<void> {
  const { startDetached } = await import('../run/detached.ts')
  const script = process.argv[1] ?? ''
  const { customers, shop, timelapse, replay, map, modelMaySend, stopAtEnd } = options
  const args = [
    ...['--customers', String(customers)],
    ...(shop ? [] : ['--no-shop']),
    ...(timelapse === undefined ? [] : ['--timelapse', timelapse]),
    ...(replay === undefined ? [] : ['--replay', replay]),
    ...(map === undefined ? [] : ['--map', map]),
    ...(modelMaySend ? ['--model-may-send'] : []),
    ...(stopAtEnd ? ['--stop-at-end'] : []),
  ]
  const text = await startDetached({ script, args, mode, say: note })
  if (!options.json) return print(text)
  const { readRunState } = await import('@holdfast/local')
  const reading = readRunState()
  printJson(reading.kind === 'none' ? {} : reading.state)
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
