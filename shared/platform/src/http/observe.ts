import type { HTTP_METRICS } from '@holdfast/contracts'
import type { Collectors } from '../metrics.ts'
import type { HttpAnswer } from './app.ts'

/** What `createHttpApp` calls for every answer, so that Prometheus hears of it. */
export function observeAnswers(metrics: Collectors<typeof HTTP_METRICS>): (answer: HttpAnswer) => void {
  return ({ method, route, status, seconds }) => {
    metrics.httpRequests.inc({ method, route, status })
    metrics.httpSeconds.observe({ route }, seconds)
  }
}
