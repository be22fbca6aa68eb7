import { existsSync } from 'node:fs'
import { type Say, sayOnStderr, withProgress } from './progress.ts'
import { lastLines, runCommand } from './run-command.ts'

/** Programs of the distribution that local runs and tests use. */
export type Tool = 'java' | 'maven' | 'redis-server' | 'kcat' | 'python3' | 'pip' | 'g++' | 'make'

interface ToolFacts {
  readonly command: string
  readonly versionArgs: readonly string[]
  readonly debianPackage: string
  readonly brewFormula: string
  /** Whether the installed one will do, from what it says about its version. */
  readonly isRecentEnough: (version: string) => boolean
  readonly needed: string
}

const anyVersion = () => true

const tools: Record<Tool, ToolFacts> = {
  java: {
    command: 'java',
    versionArgs: ['-version'],
    debianPackage: 'default-jre-headless',
    brewFormula: 'openjdk',
    isRecentEnough: (version) => Number(/version "(\d+)/.exec(version)?.[1] ?? 0) >= 17,
    needed: 'Java 17 or later (Kafka 4 runs on it)',
  },
  maven: {
    command: 'mvn',
    versionArgs: ['--version'],
    debianPackage: 'maven',
    brewFormula: 'maven',
    isRecentEnough: anyVersion,
    needed: 'Maven (it downloads Kafka)',
  },
  'redis-server': {
    command: 'redis-server',
    versionArgs: ['--version'],
    debianPackage: 'redis-server',
    brewFormula: 'redis',
    isRecentEnough: (version) => Number(/v=(\d+)/.exec(version)?.[1] ?? 0) >= 7,
    needed: 'redis-server 7 or later',
  },
  kcat: {
    command: 'kcat',
    versionArgs: ['-V'],
    debianPackage: 'kcat',
    brewFormula: 'kcat',
    isRecentEnough: anyVersion,
    needed: 'kcat (tests and benchmarks produce with it)',
  },
  python3: {
    command: 'python3',
    versionArgs: ['--version'],
    debianPackage: 'python3',
    brewFormula: 'python',
    isRecentEnough: anyVersion,
    needed: 'Python 3 (node-gyp runs on it)',
  },
  pip: {
    command: 'python3',
    versionArgs: ['-m', 'pip', '--version'],
    debianPackage: 'python3-pip',
    brewFormula: 'python',
    isRecentEnough: anyVersion,
    needed: 'pip (it downloads the TensorFlow library)',
  },
  'g++': {
    command: 'g++',
    versionArgs: ['--version'],
    debianPackage: 'g++',
    brewFormula: 'gcc',
    isRecentEnough: anyVersion,
    needed: 'a C++ compiler',
  },
  make: {
    command: 'make',
    versionArgs: ['--version'],
    debianPackage: 'make',
    brewFormula: 'make',
    isRecentEnough: anyVersion,
    needed: 'make',
  },
}

/** What the machine lets us do; a parameter so that tests can play other machines. */
export interface Machine {
  /** Output of `command args`, `undefined` when there is no such command. */
  readonly version: (command: string, args: readonly string[]) => Promise<string | undefined>
  readonly hasApt: boolean
  readonly isRoot: boolean
  readonly platform: NodeJS.Platform
  /** Runs an apt-get command; throws with its last lines. */
  readonly aptGet: (args: readonly string[]) => Promise<void>
}

/** Nothing here can install it: the message says what is missing and what to type. */
export class MissingToolsError extends Error {
  override readonly name = 'MissingToolsError'
  readonly cure: string
  constructor(missing: readonly Tool[], cure: string) {
    super(`missing: ${missing.map((tool) => tools[tool].needed).join('; ')}. To install:\n\n  ${cure}\n`)
    this.cure = cure
  }
}

export const missingTools = async (wanted: readonly Tool[], machine: Machine = thisMachine()): Promise<Tool[]> => {
  const present = await Promise.all(
    wanted.map(async (tool) => {
      const { command, versionArgs, isRecentEnough } = tools[tool]
      const version = await machine.version(command, versionArgs)
      return version !== undefined && isRecentEnough(version)
    }),
  )
  return wanted.filter((_, index) => !present[index])
}

/** Whether `ensureInstalled` would install them itself, without installing anything. */
export const canInstall = (machine: Machine = thisMachine()): boolean => machine.hasApt && machine.isRoot

/**
 * Makes sure of the wanted programs: installs what is missing with apt when we are root, saying so before and after;
 * otherwise throws a `MissingToolsError` with the command to type. Answers what it installed.
 */
export const ensureInstalled = async (
  wanted: readonly Tool[],
  options: { say?: Say; machine?: Machine } = {},
): Promise<Tool[]> => {
  const { say = sayOnStderr, machine = thisMachine() } = options
  const missing = await missingTools(wanted, machine)
  if (missing.length === 0) return []
  if (!canInstall(machine)) throw new MissingToolsError(missing, installCommand(missing, machine))
  const packages = missing.map((tool) => tools[tool].debianPackage)
  say(`missing: ${missing.map((tool) => tools[tool].needed).join('; ')}`)
  say(`installing with apt-get: ${packages.join(' ')}`)
  await withProgress('apt-get update', say, () => machine.aptGet(['update']))
  await withProgress(`apt-get install ${packages.join(' ')}`, say, () =>
    machine.aptGet(['install', '--yes', '--no-install-recommends', ...packages]),
  )
  const still = await missingTools(missing, machine)
  if (still.length > 0) throw new MissingToolsError(still, installCommand(still, machine))
  say(`installed: ${packages.join(' ')}`)
  return missing
}

const installCommand = (missing: readonly Tool[], { hasApt, isRoot, platform }: Machine): string => {
  const sudo = isRoot ? '' : 'sudo '
  const packages = missing.map((tool) => tools[tool].debianPackage).join(' ')
  if (hasApt) return `${sudo}apt-get update && ${sudo}apt-get install -y ${packages}`
  if (platform === 'darwin') return `brew install ${missing.map((tool) => tools[tool].brewFormula).join(' ')}`
  return `(with your system's package manager; Debian calls them) ${packages}`
}

const thisMachine = (): Machine => ({
  version: async (command, args) => {
    const { code, output } = await runCommand(command, args)
    return code === 0 ? output : undefined
  },
  hasApt: existsSync('/usr/bin/apt-get'),
  isRoot: process.getuid?.() === 0,
  platform: process.platform,
  aptGet: async (args) => {
    const { code, output } = await runCommand('apt-get', ['--quiet', '-o', 'DPkg::Lock::Timeout=120', ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
    if (code !== 0) throw new Error(`apt-get ${args.join(' ')} failed:\n${lastLines(output)}`)
  },
})
