import { join } from 'node:path'
import { dataFolder, repositoryRoot } from '@holdfast/local'
import { RISK_WORKER_NODE_FLAGS } from '@holdfast/risk-worker'
import type { Env } from '../config.ts'
import type { RunPlan } from './run-plan.ts'

/** One process that `up` starts and supervises. */
export interface ServiceSpec {
  readonly name: string
  /** What Node runs, within the checkout. */
  readonly entry: string
  /** For Node, before the entry. */
  readonly nodeFlags?: readonly string[]
  /** The variable that tells it its port. */
  readonly portVariable: string
  /** Which answer means that whoever waits for it may start. */
  readonly readiness: 'readyz' | 'healthz'
  /** Services that must be ready before it starts. */
  readonly after: readonly string[]
  /** Whether this run has it. */
  readonly isPartOf: (plan: RunPlan) => boolean
  /** What it needs beside the environment that all share. @param urlOf where a service of `after` listens */
  readonly env: (plan: RunPlan, urlOf: (name: string) => string) => Env
}

const always = () => true

/** Everything that a run consists of beside Kafka and Redis. Those that wait for nobody start side by side. */
export const SERVICES: readonly ServiceSpec[] = [
  {
    name: 'risk-worker',
    entry: 'services/risk-worker/dist/main.js',
    nodeFlags: RISK_WORKER_NODE_FLAGS,
    portVariable: 'PROBE_PORT',
    readiness: 'readyz',
    after: [],
    isPartOf: always,
    env: () => ({}),
  },
  {
    name: 'shop',
    entry: 'services/cli/dist/feed/main.js',
    portVariable: 'PROBE_PORT',
    readiness: 'healthz',
    // Most of a start is loading code, and the shop needs nothing but the topics.
    after: [],
    isPartOf: ({ feed }) => feed.kind === 'shop',
    env: ({ mode, feed }) => ({
      SHOP_FILE: join(dataFolder(mode), 'shop.json'),
      ...(feed.kind === 'shop' && { SHOP_CUSTOMERS: String(feed.customers) }),
    }),
  },
  {
    name: 'replay',
    entry: 'services/cli/dist/replay/main.js',
    portVariable: 'PROBE_PORT',
    readiness: 'healthz',
    after: [],
    isPartOf: ({ feed }) => feed.kind === 'replay',
    env: ({ mode, feed }) => ({
      REPLAY_RECORD: join(dataFolder(mode), 'replay.json'),
      ...(feed.kind === 'replay' && { REPLAY_FILE: feed.file, REPLAY_MAP: feed.map }),
    }),
  },
]

export function entryOf({ entry }: ServiceSpec): string {
  return join(repositoryRoot(), entry)
}
