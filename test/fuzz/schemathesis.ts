import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repositoryRoot, sayOnStderr, withProgress } from '@holdfast/local'

/** Schemathesis, which makes requests of an OpenAPI description, good and bad ones, and holds the answers against it. */

const VERSION = '4.32.0'
const HOME = join(repositoryRoot(), '.holdfast', 'cache', `schemathesis-${VERSION}`)
const LONGEST_RUN_MS = 600_000

export interface Fuzzer {
  /** The command, in a virtual environment of its own. */
  readonly command: string
}

export interface FuzzOptions {
  /** Of the running service. */
  readonly url: string
  /** Default: `/openapi.json` there. */
  readonly schemaUrl?: string
  /** Sent with every request. `Authorization` so spelt is left out where it is tried whether it is needed. */
  readonly headers?: Readonly<Record<string, string>>
  /** Checks that do not hold here, by schemathesis' own names; all others are made. */
  readonly excludeChecks?: readonly string[]
  /** Operations to leave out, by path, such as an endless stream. */
  readonly excludePaths?: readonly string[]
  /** Random requests an operation, besides those that follow from the schema. Default 100. */
  readonly maxExamples?: number
  /** The same one makes the same requests. Default 1; FUZZ_SEED overrides it. */
  readonly seed?: number
}

export interface FuzzReport {
  readonly passed: boolean
  /** Requests that were made. */
  readonly requests: number
  /** What schemathesis wrote; each failure with the curl command that shows it. */
  readonly output: string
}

/**
 * The fuzzer, installed from the Python package index the first time.
 * @returns undefined where there is no Python
 * @throws Error with what pip said, when there is one and it cannot be installed
 */
export async function openFuzzer(): Promise<Fuzzer | undefined> {
  const command = join(HOME, 'bin', 'schemathesis')
  const complete = join(HOME, 'complete')
  if (existsSync(complete)) return { command }
  if ((await run('python3', ['--version'])).code !== 0) return undefined
  await withProgress(`installing schemathesis ${VERSION}`, sayOnStderr, async () => {
    rmSync(HOME, { recursive: true, force: true })
    mkdirSync(HOME, { recursive: true })
    await mustRun('python3', ['-m', 'venv', HOME])
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `schemathesis==${VERSION}`]
    await mustRun(join(HOME, 'bin', 'python'), pip)
  })
  // Last: what was broken off is begun anew.
  writeFileSync(complete, '')
  return { command }
}

/** Fuzzes a service that runs. @throws Error when schemathesis could not do its work, such as for a schema it cannot read */
export async function fuzzOpenApi({ command }: Fuzzer, options: FuzzOptions): Promise<FuzzReport> {
  const { url, schemaUrl = `${url}/openapi.json`, headers = {}, excludeChecks = [], excludePaths = [] } = options
  const { maxExamples = 100, seed = 1 } = options
  const args = [
    ...['run', schemaUrl, '--url', url, '--phases', 'examples,coverage,fuzzing', '--suppress-health-check', 'all'],
    ...['--max-examples', String(maxExamples), '--seed', process.env.FUZZ_SEED ?? String(seed), '--no-color'],
    ...Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
    ...(excludeChecks.length === 0 ? [] : ['--exclude-checks', excludeChecks.join(',')]),
    ...excludePaths.flatMap((path) => ['--exclude-path', path]),
  ]
  // It keeps a database of what it found where it stands.
  const cwd = mkdtempSync(join(tmpdir(), 'holdfast-fuzz-'))
  try {
    const { code, output } = await withProgress(`fuzzing ${url}`, sayOnStderr, () => run(command, args, cwd))
    const requests = Number(/(\d+) generated/.exec(output)?.[1] ?? 0)
    // 0: all well; 1: something was found. Anything else, or no request at all, is a fuzzer that did not fuzz.
    if ((code === 0 || code === 1) && requests > 0) return { passed: code === 0, requests, output }
    throw new Error(`schemathesis did not fuzz ${url} (exit code ${code}):\n${output}`)
  } finally {
    rmSync(cwd, { recursive: true, force: true })
  }
}

async function mustRun(command: string, args: readonly string[]): Promise<void> {
  const { code, output } = await run(command, args)
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${output}`)
}

function run(command: string, args: readonly string[], cwd?: string): Promise<{ code: number; output: string }> {
  const options = { timeout: LONGEST_RUN_MS, maxBuffer: 64 * 1024 * 1024, ...(cwd !== undefined && { cwd }) }
  return new Promise((resolve) => {
    execFile(command, [...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ code, output: `${stdout}${stderr}${code === -1 ? (error?.message ?? '') : ''}` })
    })
  })
}
