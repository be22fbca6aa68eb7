export { type Config as RiskWorkerConfig, SETTINGS as RISK_WORKER_SETTINGS } from './config.ts'
export { type RebuildProgress, type RebuildReport, rebuild } from './rebuild.ts'

/**
 * Flags for the Node process that runs it: room for a whole batch among the young objects, or each collection copies what is
 * still in use; no threads that help with a collection, as they take the cores of the other workers and need longer together; and
 * less of each function compiled into its callers, which takes a quarter off what compiling costs and runs as fast.
 */
export const RISK_WORKER_NODE_FLAGS = [
  '--max-semi-space-size=64',
  '--single-threaded-gc',
  '--max-inlined-bytecode-size-cumulative=460',
] as const

/** How many `holdfast up` starts, by name: they share the shards, and one alone fills no more than a core. */
export const RISK_WORKERS_OF_A_RUN = ['risk-worker', 'risk-worker-2'] as const
