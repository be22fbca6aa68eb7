const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * Asks again every `everyMs` until the answer is not `undefined`; `undefined` after `withinMs`.
 * For conditions outside this process, which nobody announces to us.
 */
export const waitFor = async <T>(
  ask: () => Promise<T | undefined> | T | undefined,
  withinMs: number,
  everyMs = 50,
): Promise<T | undefined> => {
  const deadline = performance.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() >= deadline) return undefined
    await pause(everyMs)
  }
}

/** Resolves to `true` when `promise` settles within `ms`, else to `false`. Never rejects. */
export const settlesWithin = async (promise: Promise<unknown>, ms: number): Promise<boolean> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, ms, false)
  })
  const settled = promise.then(
    () => true,
    () => true,
  )
  return Promise.race([settled, late]).finally(() => clearTimeout(timer))
}
