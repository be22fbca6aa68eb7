import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { repositoryRoot } from '@holdfast/local'
import { describe, expect, it } from 'vitest'

const run = (command: readonly string[], env: NodeJS.ProcessEnv = {}) => {
  const [file = '', ...args] = command
  return spawnSync(file, args, { encoding: 'utf8', env: { ...process.env, ...env } })
}

/** `config` needs the client and its compose plugin (or the older stand-alone program), not an engine. */
const compose = [['docker', 'compose'], ['docker-compose']].find((command) => run([...command, 'version']).status === 0)

describe.skipIf(!compose)(`infra/compose.yaml${compose ? '' : ' (SKIPPED: docker compose is not installed)'}`, () => {
  it('is understood by compose, and publishes on the loopback at the ports it is given', () => {
    const file = join(repositoryRoot(), 'infra', 'compose.yaml')
    const ports = { HOLDFAST_KAFKA_PORT: '29092', HOLDFAST_REDIS_PORT: '26379' }
    const { status, stdout, stderr } = run([...(compose ?? []), '--file', file, 'config'], ports)
    expect(stderr).toBe('')
    expect(status).toBe(0)
    expect(stdout).toMatch(/127\.0\.0\.1[\s\S]*29092/)
    expect(stdout).toMatch(/OUTSIDE:\/\/127\.0\.0\.1:29092/)
    expect(stdout).toMatch(/127\.0\.0\.1[\s\S]*26379/)
  })
})
