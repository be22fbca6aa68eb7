import { onTestFinished } from 'vitest'

interface Stops {
  stop(): Promise<unknown>
}

/** Gives back what it took, and stops it when the running test ends; the last one opened is stopped first. */
export function stopAfterTest<T extends Stops>(component: T): T {
  onTestFinished(async () => {
    await component.stop()
  })
  return component
}
