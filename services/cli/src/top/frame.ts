import { formatRate } from '@holdfast/platform'
import type { Colours } from '../output/colour.ts'
import { count, instant, table } from '../output/text.ts'
import { jobsWaiting } from '../status/print.ts'
import type { Sample } from './sample.ts'

export interface FrameOptions {
  readonly colours: Colours
  /** Of the terminal. */
  readonly columns: number
  /** What runs, such as `time-lapse`; none for an installation that was not started here. */
  readonly mode?: string | undefined
}

const BAND_COLOUR = { prospect: 'dim', healthy: 'green', watch: 'cyan', at_risk: 'yellow', lapsed: 'red' } as const
const LATE_SECONDS = 1

/** One look as lines of text, no longer than the terminal is wide where that is 60 or more. */
export function frame({ figures, recordsPerSecond, lateSecondsMax, at }: Sample, options: FrameOptions): string {
  const { colours: c, columns, mode } = options
  const { byBand, jobs, lag, customers } = figures
  const isScaled = figures.rate !== 1
  const when = isScaled
    ? `${instant(Date.parse(figures.domainTime))}  ${figures.rate === 0 ? 'the clock stands' : formatRate(figures.rate)}`
    : instant(Date.parse(at))
  const title = `${c.bold('holdfast')}${mode === undefined ? '' : ` ${mode}`}  ${when}`

  const lagging = Object.values(lag).reduce((sum, n) => sum + n, 0)
  const isLate = figures.lateSeconds > LATE_SECONDS
  const flow = table([
    ['records a second', recordsPerSecond === undefined ? '-' : count(Math.round(recordsPerSecond))],
    [
      'lag, records',
      lagging > 0 ? c.yellow(count(lagging)) : '0',
      `of ${count(figures.recordsRead + lagging)} in the log`,
    ],
    [
      'appointments',
      `${count(figures.appointmentsOverdue)} due now`,
      `${count(figures.appointmentsDueIn.day)} within a day, ${count(figures.appointmentsDueIn.week)} within a week`,
    ],
    [
      'lateness',
      (isLate ? c.red : c.green)(`${figures.lateSeconds.toFixed(2)} s`),
      `at most ${lateSecondsMax.toFixed(2)} s in the last minute`,
    ],
    [
      'outbox',
      count(figures.outbox),
      figures.deadLetters > 0 ? c.yellow(`${count(figures.deadLetters)} dead letters`) : '',
    ],
  ])

  const most = Math.max(1, ...Object.values(byBand))
  const room = Math.max(8, Math.min(60, columns - 32))
  const bands = table(
    Object.entries(byBand).map(([band, n]) => {
      const paint = c[BAND_COLOUR[band as keyof typeof BAND_COLOUR] ?? 'dim']
      const share = customers === 0 ? '' : `${((100 * n) / customers).toFixed(0)} %`
      return [band, n, share.padStart(5), paint('█'.repeat(Math.round((n / most) * room)))]
    }),
  )
  const queues = table([
    ['', 'waiting', 'active', 'done', 'failed'].map((head) => c.dim(head)),
    ...Object.entries(jobs).map(([queue, counts]) => {
      const failed = counts.failed ?? 0
      return [
        queue,
        jobsWaiting(counts),
        counts.active ?? 0,
        counts.completed ?? 0,
        failed > 0 ? c.red(count(failed)) : '0',
      ]
    }),
  ])
  const sections = [title, flow, `${c.bold(`${count(customers)} customers`)}\n${bands}`, `${c.bold('jobs')}\n${queues}`]
  if (figures.intakeStopped !== null) {
    sections.push(c.red(`INTAKE IS STOPPED: ${figures.intakeStopped}\nto go on: npx holdfast dlq resume`))
  }
  return sections.join('\n\n')
}
