/** Where progress goes: one line a call. The default writes to stderr, so that stdout stays for results. */
export type Say = (line: string) => void

export const sayOnStderr: Say = (line) => void process.stderr.write(`${line}\n`)
export const sayNothing: Say = () => {}

const quietMs = 2_000
const reminderMs = 5_000

/**
 * Runs `work` and speaks only when it takes more than two seconds: what is being done, every five seconds that it
 * still is, and that it is done. Failures are left to the caller's error.
 */
export const withProgress = async <T>(what: string, say: Say, work: () => Promise<T>): Promise<T> => {
  const start = performance.now()
  const seconds = () => Math.round((performance.now() - start) / 1_000)
  let spoke = false
  const speak = () => {
    say(spoke ? `… ${what} (${seconds()} s)` : `… ${what}`)
    spoke = true
    timer = setTimeout(speak, reminderMs)
  }
  let timer = setTimeout(speak, quietMs)
  try {
    const result = await work()
    clearTimeout(timer)
    if (spoke) say(`✓ ${what}: ${seconds()} s`)
    return result
  } finally {
    clearTimeout(timer)
  }
}
