import { describe, expect, it } from 'vitest'
import { ensureInstalled, type Machine, MissingToolsError } from './ensure-installed.ts'

const versions: Record<string, string> = {
  java: 'openjdk version "21.0.2" 2024-01-16',
  mvn: 'Apache Maven 3.8.7',
  'redis-server': 'Redis server v=7.0.15 sha=00000000:0',
}

/** A machine whose apt puts commands where `version` finds them. */
const machine = (
  installed: Record<string, string>,
  can: { hasApt?: boolean; isRoot?: boolean; platform?: NodeJS.Platform } = {},
) => {
  const present = { ...installed }
  const aptRuns: string[] = []
  const packageCommand: Record<string, string> = {
    'default-jre-headless': 'java',
    maven: 'mvn',
    'redis-server': 'redis-server',
  }
  const it: Machine = {
    version: async (command) => present[command],
    hasApt: can.hasApt ?? true,
    isRoot: can.isRoot ?? true,
    platform: can.platform ?? 'linux',
    aptGet: async (args) => {
      aptRuns.push(args.join(' '))
      for (const name of args) {
        const command = packageCommand[name]
        if (command) present[command] = versions[command] ?? ''
      }
    },
  }
  return { machine: it, aptRuns }
}

describe('ensureInstalled', () => {
  it('touches nothing and says nothing when all is there', async () => {
    const { machine: here, aptRuns } = machine(versions)
    const said: string[] = []
    const installed = await ensureInstalled(['java', 'maven', 'redis-server'], {
      machine: here,
      say: (line) => said.push(line),
    })
    expect({ installed, aptRuns, said }).toEqual({ installed: [], aptRuns: [], said: [] })
  })

  it('installs only what is missing, as root, and says what', async () => {
    const { machine: here, aptRuns } = machine({ java: versions.java ?? '' })
    const said: string[] = []
    const installed = await ensureInstalled(['java', 'maven', 'redis-server'], {
      machine: here,
      say: (line) => said.push(line),
    })
    expect(installed).toEqual(['maven', 'redis-server'])
    expect(aptRuns).toEqual(['update', 'install --yes --no-install-recommends maven redis-server'])
    expect(said.join('\n')).toMatch(/installing with apt-get: maven redis-server[\s\S]*installed: maven redis-server/)
  })

  it('takes a Java that Kafka cannot run on as missing', async () => {
    const { machine: here } = machine({ ...versions, java: 'openjdk version "11.0.22" 2024-01-16' }, { isRoot: false })
    await expect(ensureInstalled(['java'], { machine: here })).rejects.toThrow(/Java 17 or later/)
  })

  it('gives the exact command to type where it may not install', async () => {
    const cases = [
      [{ isRoot: false }, 'sudo apt-get update && sudo apt-get install -y maven redis-server'],
      [{ isRoot: false, hasApt: false, platform: 'darwin' as const }, 'brew install maven redis'],
    ] as const
    for (const [can, command] of cases) {
      const { machine: here, aptRuns } = machine({ java: versions.java ?? '' }, can)
      const failure = await ensureInstalled(['java', 'maven', 'redis-server'], { machine: here }).catch(
        (error) => error,
      )
      expect(failure).toBeInstanceOf(MissingToolsError)
      expect(failure).toMatchObject({ cure: command, message: expect.stringContaining(command) })
      expect(aptRuns).toEqual([])
    }
  })

  it('does not claim success when the installed package is too old', async () => {
    const { machine: here } = machine({})
    const withOldRedis: Machine = { ...here, version: async () => 'Redis server v=5.0.3' }
    await expect(ensureInstalled(['redis-server'], { machine: withOldRedis, say: () => {} })).rejects.toThrow(
      /redis-server 7 or later/,
    )
  })
})
