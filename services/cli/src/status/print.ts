import { formatRate } from '@holdfast/platform'
import { count, instant, plural, table } from '../output/text.ts'
import type { Figures, Status } from './collect.ts'

const STATES_OF_WAITING = ['waiting', 'prioritized', 'delayed', 'paused', 'waiting-children'] as const

/** Jobs that nobody has taken yet. */
export function jobsWaiting(counts: Readonly<Record<string, number>>): number {
  return STATES_OF_WAITING.reduce((sum, state) => sum + (counts[state] ?? 0), 0)
}

const total = (of: Readonly<Record<string, number>>): number => Object.values(of).reduce((sum, n) => sum + n, 0)

/** `10,000 customers · 812 at risk · 37 jobs waiting, 161 completed · lag 0` */
export function statusLine({
  domainTime,
  rate,
  customers,
  byBand,
  jobs,
  lag,
  deadLetters,
  intakeStopped,
}: Figures): string {
  const inAll = (of: typeof jobsWaiting) => Object.values(jobs).reduce((sum, counts) => sum + of(counts), 0)
  const parts = [
    ...(rate === 1 ? [] : [`${domainTime.slice(0, 10)}${rate === 0 ? ' (the clock stands)' : ''}`]),
    plural(customers, 'customer'),
    `${count(byBand.at_risk ?? 0)} at risk`,
    `${plural(inAll(jobsWaiting), 'job')} waiting, ${count(inAll(({ completed = 0 }) => completed))} completed`,
    `lag ${count(total(lag))}`,
  ]
  if (deadLetters > 0) parts.push(plural(deadLetters, 'dead letter'))
  if (intakeStopped !== null) parts.push('INTAKE STOPPED (npx holdfast dlq resume)')
  return parts.join(' · ')
}

export function statusText(status: Status): string {
  const { kafka, redis, services, figures, problem } = status
  const processes = [
    ['kafka', kafka.brokers.join(', '), kafka.origin, pid(kafka.pid)],
    ['redis', redis.urls.join(', '), redis.origin, pid(redis.pid)],
    ...services.map((service) => [
      service.name,
      service.url ?? '',
      service.alive ? 'running' : 'DOWN',
      pid(service.pid),
    ]),
  ]
  const sections = [runText(status), table(processes)]
  if (problem !== undefined) sections.push(`No figures: ${problem}`)
  if (figures !== undefined) sections.push(figuresText(figures))
  return sections.join('\n\n')
}

function pid(id: number | undefined): string {
  return id === undefined ? '' : `pid ${id}`
}

function runText({ run, mode, startedAt, pid: owner }: Status): string {
  if (run === 'none') return 'Nothing was started here; Kafka and Redis are those that the environment names.'
  const since = startedAt === undefined ? '' : ` since ${instant(Date.parse(startedAt))}`
  if (run === 'running') return `Running${mode === 'live' ? '' : ` (${mode})`}${since}, owned by process ${owner}.`
  return `The run${since} has ended without cleaning up: "npx holdfast down" ends what is left of it.`
}

function figuresText(figures: Figures): string {
  const {
    domainTime,
    rate,
    customers,
    byBand,
    jobs,
    lag,
    appointmentsOverdue,
    outbox,
    deadLetters,
    intakeStopped,
    shards,
  } = figures
  const bands = Object.entries(byBand).map(([band, n]): [string, number] => [`  ${band}`, n])
  const queues = Object.entries(jobs).map(([queue, counts]): [string, number, string] => [
    `  ${queue}`,
    jobsWaiting(counts),
    ['active', 'completed', 'failed'].map((state) => `${count(counts[state] ?? 0)} ${state}`).join(', '),
  ])
  const rows: (readonly (string | number)[])[] = [
    ...(rate === 1 ? [] : [['domain time', instant(Date.parse(domainTime)), rate === 0 ? 'stands' : formatRate(rate)]]),
    ['customers', customers],
    ...bands,
    ['jobs waiting', queues.reduce((sum, [, n]) => sum + n, 0)],
    ...queues,
    ['lag (records)', total(lag)],
    ...Object.entries(lag).map(([topic, n]) => [`  ${topic}`, n]),
    ['appointments overdue', appointmentsOverdue],
    ['outbox', outbox],
    ['dead letters', deadLetters],
    ['shards', shards],
  ]
  const stopped =
    intakeStopped === null ? '' : `\n\nIntake is stopped: ${intakeStopped}\n  to go on: npx holdfast dlq resume`
  return table(rows) + stopped
}
