import { join } from 'node:path'
import { dataFolder, repositoryRoot } from '@holdfast/local'
import { RISK_WORKER_NODE_FLAGS, RISK_WORKERS_OF_A_RUN } from '@holdfast/risk-worker'
import type { Env } from '../config.ts'
import { modelsOfRun } from './models-of-run.ts'
import type { RunPlan } from './run-plan.ts'

/** One process that `up` starts and supervises. */
export interface ServiceSpec {
  readonly name: string
  /** What Node runs, within the checkout. */
  readonly entry: string
  /** For Node, before the entry. */
  readonly nodeFlags?: readonly string[]
  /** Variables that tell it its ports; the first is that of its URL. Each is a free one unless the environment sets it. */
  readonly ports: readonly [string, ...string[]]
  /** Which answer means that whoever waits for it may start. */
  readonly readiness: 'readyz' | 'healthz'
  /** Services of this run that must be ready before it starts. */
  readonly after: readonly string[]
  /** Whether this run has it, on so many shards. */
  readonly isPartOf: (plan: RunPlan, shards: number) => boolean
  /** What it needs beside the environment that all share. */
  readonly env: (context: ServiceContext) => Env
}

export interface ServiceContext {
  readonly plan: RunPlan
  /** Signs and verifies the webhooks of this run. */
  readonly webhookSecret: string
  /** Where a service of `after` listens. */
  url(name: string): string
  /** A port of a service of `after`, by its variable. */
  port(variable: string): number
}

const always = () => true

/** Deliveries go to the receiver here, unless the environment names channels: nothing leaves the machine by itself. */
const receivesHere = ({ env }: RunPlan) => !env.OUTREACH_CHANNELS && !env.REACTIVATION_CHANNELS

/** Everything that a run consists of beside Kafka and Redis. Those that wait for nobody start side by side. */
export const SERVICES: readonly ServiceSpec[] = [
  ...RISK_WORKERS_OF_A_RUN.map(
    (name, i): ServiceSpec => ({
      name,
      entry: 'services/risk-worker/dist/main.js',
      nodeFlags: RISK_WORKER_NODE_FLAGS,
      ports: ['PROBE_PORT'],
      readiness: 'readyz',
      after: [],
      // One without a shard would never be ready.
      isPartOf: (_plan, shards) => i < shards,
      env: () => ({}),
    }),
  ),
  {
    name: 'shop',
    entry: 'services/cli/dist/feed/main.js',
    ports: ['PROBE_PORT'],
    readiness: 'healthz',
    // Most of a start is loading code, and the shop needs nothing but the topics.
    after: [],
    isPartOf: ({ feed }) => feed.kind === 'shop',
    env: ({ plan: { mode, feed } }) => ({
      SHOP_FILE: join(dataFolder(mode), 'shop.json'),
      ...(feed.kind === 'shop' && { SHOP_CUSTOMERS: String(feed.customers) }),
    }),
  },
  {
    name: 'replay',
    entry: 'services/cli/dist/replay/main.js',
    ports: ['PROBE_PORT'],
    readiness: 'healthz',
    after: [],
    isPartOf: ({ feed }) => feed.kind === 'replay',
    env: ({ plan: { mode, feed } }) => ({
      REPLAY_RECORD: join(dataFolder(mode), 'replay.json'),
      ...(feed.kind === 'replay' && { REPLAY_FILE: feed.file, REPLAY_MAP: feed.map }),
    }),
  },
  {
    name: 'receiver',
    entry: 'infra/receiver/dist/main.js',
    ports: ['RECEIVER_HTTP_PORT', 'RECEIVER_SMTP_PORT'],
    readiness: 'readyz',
    after: [],
    isPartOf: receivesHere,
    env: ({ plan: { mode }, webhookSecret }) => ({
      RECEIVER_DIR: join(dataFolder(mode), 'receiver'),
      RECEIVER_WEBHOOK_SECRET: webhookSecret,
    }),
  },
  {
    name: 'delivery-worker',
    entry: 'services/delivery-worker/dist/main.js',
    ports: ['PROBE_PORT'],
    readiness: 'readyz',
    after: ['receiver'],
    isPartOf: always,
    env(context) {
      return receivesHere(context.plan) ? channelsHere(context) : {}
    },
  },
  {
    name: 'gateway',
    entry: 'services/gateway/dist/main.js',
    ports: ['GATEWAY_PORT'],
    readiness: 'readyz',
    after: [],
    isPartOf: always,
    env: () => ({}),
  },
  {
    name: 'console',
    entry: 'services/console/dist/main.js',
    ports: ['CONSOLE_PORT'],
    readiness: 'readyz',
    after: [],
    isPartOf: always,
    env: () => ({}),
  },
  {
    name: 'trainer',
    entry: 'services/trainer/dist/main.js',
    ports: ['PROBE_PORT'],
    readiness: 'readyz',
    after: [],
    isPartOf: always,
    env: ({ plan: { mode, env } }) => (env.MODELS_DIR ? {} : { MODELS_DIR: modelsOfRun(mode) }),
  },
]

/** Every channel that the receiver here can play; of the customers' own addresses none is used. */
function channelsHere({ url, port, webhookSecret }: ServiceContext): Env {
  const receiver = url('receiver')
  return {
    OUTREACH_CHANNELS: 'webhook,slack,email',
    OUTREACH_WEBHOOK_URL: `${receiver}/webhooks/helpdesk`,
    OUTREACH_WEBHOOK_SECRET: webhookSecret,
    OUTREACH_SLACK_URL: `${receiver}/slack/support`,
    OUTREACH_MAIL_TO: 'support@shop.example',
    REACTIVATION_CHANNELS: 'webhook',
    REACTIVATION_WEBHOOK_URL: `${receiver}/webhooks/marketing`,
    REACTIVATION_WEBHOOK_SECRET: webhookSecret,
    SMTP_URL: `smtp://127.0.0.1:${port('RECEIVER_SMTP_PORT')}`,
    MAIL_FROM: 'Holdfast <holdfast@shop.example>',
  }
}

export function entryOf({ entry }: ServiceSpec): string {
  return join(repositoryRoot(), entry)
}
