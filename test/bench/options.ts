import { parseArgs } from 'node:util'

export const PARTS = ['throughput', 'memory', 'rebuild', 'latency', 'gateway', 'silence', 'dataset'] as const
export type Part = (typeof PARTS)[number]

export interface Options {
  readonly events: number
  readonly customers: number
  readonly partitions: number
  /** How many of the events the straightforward worker gets: its rate does not depend on it. */
  readonly straightforwardEvents: number
  /** Times that ceiling and risk-workers are measured, one after the other. */
  readonly rounds: number
  readonly jobs: number
  /** Over which the jobs are spread. */
  readonly latencySeconds: number
  /** Events a second while latency is measured; by default half of what was measured. */
  readonly rate: number | undefined
  /** For each of the gateway's loads. */
  readonly gatewaySeconds: number
  /** Who fall silent. */
  readonly silenceCustomers: number
  /** Of the wall clock, a day of silence in each. */
  readonly silenceSeconds: number
  readonly parts: ReadonlySet<Part>
  /** Folder for processor profiles of the risk-worker. */
  readonly profileDir: string | undefined
}

export const USAGE = `npm run bench -- [options]

  --events <n>                 events in the log, 250 bytes each           (1000000)
  --customers <n>              customers that they are spread over         (a tenth of the events)
  --partitions <n>             partitions of each topic                    (4)
  --straightforward-events <n> of these, for the straightforward worker    (30000)
  --rounds <n>                 times that ceiling and risk-workers take turns, whose median counts (3)
  --jobs <n>                   jobs whose latency is measured              (10000)
  --latency-seconds <n>        over which they are spread                  (60)
  --rate <n>                   events/s meanwhile                          (half of the rate measured)
  --gateway-seconds <n>        for each of the gateway's loads             (10)
  --silence-customers <n>      who fall silent                             (20000)
  --silence-seconds <n>        of the wall clock, a day in each            (60)
  --only <part,…>              of ${PARTS.join(', ')}; filling the log and draining it come with all but these last three
  --profile                    writes processor profiles of the risk-worker (--cpu-prof)`

/** @throws Error for a flag that is none, or a number that is none. */
export function readOptions(args: readonly string[]): Options | 'help' {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      events: text,
      customers: text,
      partitions: text,
      'straightforward-events': text,
      rounds: text,
      jobs: text,
      'latency-seconds': text,
      rate: text,
      'gateway-seconds': text,
      'silence-customers': text,
      'silence-seconds': text,
      only: text,
      profile: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) return 'help'
  const events = count('--events', values.events ?? '1000000')
  return {
    events,
    customers: count('--customers', values.customers ?? String(Math.max(1, Math.floor(events / 10)))),
    partitions: count('--partitions', values.partitions ?? '4'),
    straightforwardEvents: Math.min(
      events,
      count('--straightforward-events', values['straightforward-events'] ?? '30000'),
    ),
    rounds: count('--rounds', values.rounds ?? '3'),
    jobs: count('--jobs', values.jobs ?? '10000'),
    latencySeconds: count('--latency-seconds', values['latency-seconds'] ?? '60'),
    rate: values.rate === undefined ? undefined : count('--rate', values.rate),
    gatewaySeconds: count('--gateway-seconds', values['gateway-seconds'] ?? '10'),
    silenceCustomers: count('--silence-customers', values['silence-customers'] ?? '20000'),
    silenceSeconds: count('--silence-seconds', values['silence-seconds'] ?? '60'),
    parts: new Set(values.only === undefined ? PARTS : values.only.split(',').map(part)),
    profileDir: values.profile ? '.holdfast/bench-profiles' : undefined,
  }
}

function count(flag: string, text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new Error(`${flag} ${text}: expected a whole number above 0`)
}

function part(name: string): Part {
  const found = PARTS.find((known) => known === name)
  if (found === undefined) throw new Error(`--only ${name}: expected one of ${PARTS.join(', ')}`)
  return found
}
