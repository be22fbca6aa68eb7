import { addActionsRoute } from './routes/actions.ts'
import { addChangesRoute } from './routes/changes.ts'
import type { Context } from './routes/context.ts'
import { addCustomerRoute } from './routes/customer.ts'
import { addMetricsRoutes } from './routes/metrics.ts'
import { addModelsRoutes } from './routes/models.ts'
import { addWorklistRoute } from './routes/worklist.ts'

/** What the API says of itself. */
export const ABOUT = {
  title: 'Holdfast console',
  description:
    'Customers who are about to leave: who they are, why, what was done about them, and what people say. Reads never scan: their cost does not grow with the number of customers. Errors are problem details (RFC 9457).',
} as const

/** Everything that the API offers. */
export function addRoutes(context: Context): void {
  addWorklistRoute(context)
  addCustomerRoute(context)
  addActionsRoute(context)
  addMetricsRoutes(context)
  addModelsRoutes(context)
  addChangesRoute(context)
}
