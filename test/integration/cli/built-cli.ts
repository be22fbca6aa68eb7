import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { repositoryRoot } from '@holdfast/local'
import { uniqueName } from '@holdfast/testing'
import type { CliResult } from './run-cli.ts'

const BIN = join(repositoryRoot(), 'services/cli/bin/holdfast.mjs')

/** Runs the command line as it is built, as `npx holdfast` does. */
export function holdfast(args: readonly string[], env: NodeJS.ProcessEnv): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [BIN, ...args], { env: { ...process.env, ...env } })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk) => (stdout += chunk))
    child.stderr.on('data', (chunk) => (stderr += chunk))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout, stderr }))
    child.stdin.end()
  })
}

/** The Kafka and Redis of the test run, with topics, keys and groups of the running test's own. */
export function ownServices(brokers: readonly string[], redisUrls: readonly string[]) {
  const name = uniqueName('run')
  return {
    KAFKA_BROKERS: brokers.join(','),
    REDIS_URL: redisUrls.join(','),
    KEY_PREFIX: `hf-${name}`,
    KAFKA_GROUP: `${name}-risk-worker`,
    TOPIC_PURCHASES: `${name}-purchases`,
    TOPIC_SUPPORT: `${name}-support`,
    TOPIC_ENGAGEMENT: `${name}-engagement`,
    TOPIC_PROFILE: `${name}-profile`,
    TOPIC_ACTIONS: `${name}-actions`,
    TOPIC_RISK_CHANGES: `${name}-risk-changes`,
    TOPIC_DEAD_LETTERS: `${name}-dead-letters`,
  }
}
