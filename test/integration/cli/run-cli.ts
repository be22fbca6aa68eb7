import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ensureTopics } from '@holdfast/platform'
import { testKafka, uniqueName } from '@holdfast/testing'
import { inject, onTestFinished } from 'vitest'

const MAIN = fileURLToPath(new URL('../../../services/cli/src/main.ts', import.meta.url))

export interface CliResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the command line as somebody would type it, from the sources. */
export function cli(args: readonly string[], env: NodeJS.ProcessEnv = {}, input = ''): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--conditions=source', '--import', 'tsx', MAIN, ...args], {
      env: { ...process.env, ...env },
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk) => (stdout += chunk))
    child.stderr.on('data', (chunk) => (stderr += chunk))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout, stderr }))
    child.stdin.end(input)
  })
}

export const PARTITIONS = 2

const ROLES = ['PURCHASES', 'SUPPORT', 'ENGAGEMENT', 'PROFILE', 'ACTIONS', 'RISK_CHANGES', 'DEAD_LETTERS'] as const
type TopicVariable = `TOPIC_${(typeof ROLES)[number]}`

export interface TestInstallation {
  readonly env: Readonly<Record<TopicVariable | 'KAFKA_BROKERS' | 'REDIS_URL' | 'KEY_PREFIX', string>>
}

/** Topics and a key prefix of the running test's own, and the environment that points at them. */
export async function makeInstallation(): Promise<TestInstallation> {
  const brokers = inject('kafkaBrokers')
  const name = (role: string) => uniqueName(role.toLowerCase())
  const env = {
    KAFKA_BROKERS: brokers.join(','),
    REDIS_URL: inject('redisUrls').join(','),
    KEY_PREFIX: uniqueName('hf-test'),
    TOPIC_PURCHASES: name('purchases'),
    TOPIC_SUPPORT: name('support'),
    TOPIC_ENGAGEMENT: name('engagement'),
    TOPIC_PROFILE: name('profile'),
    TOPIC_ACTIONS: name('actions'),
    TOPIC_RISK_CHANGES: name('risk-changes'),
    TOPIC_DEAD_LETTERS: name('dead-letters'),
  }
  const inputs = [env.TOPIC_PURCHASES, env.TOPIC_SUPPORT, env.TOPIC_ENGAGEMENT, env.TOPIC_PROFILE, env.TOPIC_ACTIONS]
  const admin = testKafka(brokers).admin()
  onTestFinished(async () => {
    await admin.deleteTopics({ topics: [...inputs, env.TOPIC_RISK_CHANGES, env.TOPIC_DEAD_LETTERS] })
    await admin.disconnect()
  })
  await admin.connect()
  await ensureTopics(admin, {
    inputs,
    changes: [env.TOPIC_RISK_CHANGES],
    deadLetters: [env.TOPIC_DEAD_LETTERS],
    partitions: PARTITIONS,
    replicationFactor: -1,
    now: Date.now(),
  })
  return { env }
}
