import { asError } from '@holdfast/platform'
import type { Installation } from '../installation.ts'
import { coloursFor } from '../output/colour.ts'
import { print } from '../output/text.ts'
import { frame } from './frame.ts'
import { createSampler, type Sample } from './sample.ts'
import { takeScreen } from './screen.ts'

export interface WatchOptions {
  readonly intervalMs: number
  readonly mode: string | undefined
}

/** One look, as a page. */
export async function lookOnce(on: Installation, { mode }: Pick<WatchOptions, 'mode'>): Promise<void> {
  print(pageOf(await createSampler(on)(), mode))
}

/** One JSON object a line and tick, until SIGINT or SIGTERM. */
export async function watchAsJson(on: Installation, { intervalMs }: WatchOptions): Promise<void> {
  const sample = createSampler(on)
  await eachTick(intervalMs, untilSignal(), async () => print(JSON.stringify(await sample())))
}

/** Fills the terminal and draws anew at each tick, until q, Ctrl-C or a signal. An outage is told and waited out. */
export async function watchOnScreen(on: Installation, { intervalMs, mode }: WatchOptions): Promise<void> {
  const stopped = untilSignal()
  const screen = takeScreen({ output: process.stdout, input: process.stdin }, () => stopped.stop())
  const sample = createSampler(on)
  try {
    let page = ''
    await eachTick(intervalMs, stopped, async () => {
      try {
        page = pageOf(await sample(), mode)
        screen.draw(`${page}\n\n${coloursFor(process.stdout).dim('q leaves')}`)
      } catch (thrown) {
        screen.draw(`${page}\n\n${coloursFor(process.stdout).red(`no answer: ${asError(thrown).message}`)}`)
      }
    })
  } finally {
    screen.leave()
  }
}

function pageOf(sample: Sample, mode: string | undefined): string {
  const columns = process.stdout.columns || 80
  return frame(sample, { colours: coloursFor(process.stdout), columns, mode })
}

interface Stop {
  readonly signal: AbortSignal
  stop(): void
}

function untilSignal(): Stop {
  const controller = new AbortController()
  const stop = () => controller.abort()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, stop)
  return { signal: controller.signal, stop }
}

async function eachTick(intervalMs: number, { signal }: Stop, look: () => Promise<void>): Promise<void> {
  const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
  for (let next = performance.now(); !signal.aborted; ) {
    // Whoever leaves does not wait for an answer that may never come.
    await Promise.race([look(), aborted])
    next = Math.max(next + intervalMs, performance.now())
    const left = next - performance.now()
    let timer: NodeJS.Timeout | undefined
    const pause = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, left)
    })
    await Promise.race([pause, aborted])
    clearTimeout(timer)
  }
}
