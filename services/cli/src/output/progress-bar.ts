import { count, span } from './text.ts'

/** Where a bar is drawn; a terminal's stderr. */
export interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

export interface Progress {
  /** @param share of the work that is done, 0 to 1 @param items done so far */
  update(share: number, items: number): void
  /** Removes the bar. */
  end(): void
}

const EVERY_MS = 100

/** One line that is drawn again and again: share, items, rate and remaining time. Draws nothing unless it is on a terminal. */
export function progressBar(what: string, screen: Screen = process.stderr, now = () => performance.now()): Progress {
  const startedAt = now()
  let drawnAt = Number.NEGATIVE_INFINITY
  return {
    update(share, items) {
      const at = now()
      if (!screen.isTTY || at - drawnAt < EVERY_MS) return
      drawnAt = at
      screen.write(`\r${barLine(what, share, items, at - startedAt).slice(0, (screen.columns || 80) - 1)}\x1b[K`)
    },
    end() {
      if (screen.isTTY) screen.write('\r\x1b[K')
    },
  }
}

const WIDTH = 24

/** `rows  [######------------------]  25 %  12,000  4,000/s  9 s left` */
export function barLine(what: string, share: number, items: number, elapsedMs: number): string {
  const done = Math.min(1, Math.max(0, share))
  const filled = Math.round(done * WIDTH)
  const bar = `[${'#'.repeat(filled)}${'-'.repeat(WIDTH - filled)}]`
  const rate = elapsedMs > 0 ? Math.round((items * 1_000) / elapsedMs) : 0
  const left = done > 0 ? `${span((elapsedMs * (1 - done)) / done)} left` : '… left'
  return `${what}  ${bar}  ${Math.floor(done * 100)} %  ${count(items)}  ${count(rate)}/s  ${left}`
}
