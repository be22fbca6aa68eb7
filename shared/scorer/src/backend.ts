import { createRequire } from 'node:module'
import { dirname, join, sep } from 'node:path'
import util from 'node:util'
import { reasonOf, ScorerError } from './errors.ts'

/** In order of preference: native TensorFlow, WebAssembly, plain JavaScript. */
export const BACKENDS = ['node', 'wasm', 'cpu'] as const
export type BackendName = (typeof BACKENDS)[number]

/**
 * The two packages of TensorFlow.js that a logistic model needs. The union package `@tensorflow/tfjs` would bring WebGL,
 * data pipelines and converters as well, for half as much start-up time again.
 */
export type Tf = typeof import('@tensorflow/tfjs-core') & typeof import('@tensorflow/tfjs-layers')

export interface Backend {
  readonly tf: Tf
  readonly name: BackendName
  /** Package versions, for the log and the model's manifest. */
  readonly versions: Readonly<Record<string, string>>
  /** Why each backend tried before this one did not load. */
  readonly refused: readonly Refusal[]
}

export interface Refusal {
  readonly name: BackendName
  readonly reason: string
}

export interface BackendOptions {
  /** The backend to try first; the others follow in the order of `BACKENDS`. */
  readonly preferred?: BackendName
  /** The only backend to accept; the environment's `SCORER_BACKEND` unless given. Empty means none is forced. */
  readonly forced?: string | undefined
  readonly log?: { info(fields: object, message: string): void }
}

const CURES: Readonly<Record<BackendName, string>> = {
  node: 'run `node infra/native-tensorflow.mjs`, which builds the native binding for this machine, or unset SCORER_BACKEND',
  wasm: 'run `npm install` again (@tensorflow/tfjs-backend-wasm is missing or damaged), or unset SCORER_BACKEND',
  cpu: 'run `npm install` again (@tensorflow/tfjs-backend-cpu is missing or damaged)',
}

/**
 * Loads the best backend that works here and makes it TensorFlow.js's current one. TensorFlow.js has one engine a process,
 * so a second call switches the process over; models and tensors move along by themselves.
 *
 * @throws ScorerError `backend_unknown` when SCORER_BACKEND names no backend, `backend_unavailable` when the forced one (or none) loads
 */
export async function loadBackend(options: BackendOptions = {}): Promise<Backend> {
  const { preferred, forced = process.env.SCORER_BACKEND, log } = options
  const order = forced ? [parseName(forced)] : preferenceOrder(preferred)
  const refused: Refusal[] = []
  for (const name of order) {
    try {
      const { tf, versions } = await start(name)
      log?.info({ backend: name, versions, refused }, `scoring on TensorFlow.js backend "${name}"${because(refused)}`)
      return { tf, name, versions, refused }
    } catch (error) {
      if (forced) {
        throw new ScorerError(
          'backend_unavailable',
          `SCORER_BACKEND=${name} was asked for and does not load: ${firstLine(error)}. To mend it, ${CURES[name]}.`,
          error,
        )
      }
      refused.push({ name, reason: firstLine(error) })
    }
  }
  throw new ScorerError('backend_unavailable', `no TensorFlow.js backend loads${because(refused)}; ${CURES.cpu}`)
}

/** Every backend that loads on this machine, and why the others do not. Leaves the last that loads as the current one. */
export async function availableBackends(): Promise<{ available: BackendName[]; refused: Refusal[] }> {
  const available: BackendName[] = []
  const refused: Refusal[] = []
  for (const name of BACKENDS) {
    try {
      await start(name)
      available.push(name)
    } catch (error) {
      refused.push({ name, reason: firstLine(error) })
    }
  }
  return { available, refused }
}

interface Started {
  readonly tf: Tf
  readonly versions: Readonly<Record<string, string>>
}

async function start(name: BackendName): Promise<Started> {
  if (name === 'node') restoreRemovedUtilities()
  const core = await import('@tensorflow/tfjs-core')
  const layers = await import('@tensorflow/tfjs-layers')
  const tf: Tf = { ...core, ...layers }
  // Otherwise the CPU backend advertises tfjs-node on the console, and kernels are checked for NaN at every step.
  tf.enableProdMode()
  const version = await STARTERS[name](tf)
  await tf.ready()
  return { tf, versions: { tfjs: core.version_core, backend: version, node: process.versions.node } }
}

const STARTERS: Readonly<Record<BackendName, (tf: Tf) => Promise<string>>> = {
  async node(tf) {
    // The library greets on stderr at level 0 and has no other switch; warnings and errors still come through.
    process.env.TF_CPP_MIN_LOG_LEVEL ??= '1'
    // oneDNN prepares each product of matrices anew, which for a batch and one column takes ten times as long as the product.
    process.env.TF_ENABLE_ONEDNN_OPTS ??= '0'
    const native = await import('@tensorflow/tfjs-node')
    await select(tf, 'tensorflow')
    return native.version['tfjs-node']
  },
  async wasm(tf) {
    const wasm = await import('@tensorflow/tfjs-backend-wasm')
    const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')
    wasm.setWasmPaths(join(dirname(entry), sep))
    await withoutNewCrashHandlers(() => select(tf, 'wasm'))
    return wasm.version_wasm
  },
  async cpu(tf) {
    const cpu = await import('@tensorflow/tfjs-backend-cpu')
    await select(tf, 'cpu')
    return cpu.version_cpu
  },
}

async function select(tf: Tf, engineName: string): Promise<void> {
  if (!(await tf.setBackend(engineName)))
    throw new Error(`TensorFlow.js could not initialise its backend "${engineName}"`)
}

/** tfjs-node 4.22 still calls two functions that Node 23 removed from `node:util`. */
function restoreRemovedUtilities(): void {
  const removed = {
    isArray: Array.isArray,
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
  }
  for (const [name, implementation] of Object.entries(removed)) {
    if (!(name in util)) Object.defineProperty(util, name, { value: implementation, configurable: true })
  }
}

/** The WASM module's loader installs process-wide handlers that rethrow; how a process dies is for its service to say. */
async function withoutNewCrashHandlers(run: () => Promise<void>): Promise<void> {
  const events = ['uncaughtException', 'unhandledRejection'] as const
  const before = events.map((event) => new Set(process.listeners(event as 'uncaughtException')))
  try {
    await run()
  } finally {
    for (const [i, event] of events.entries()) {
      for (const listener of process.listeners(event as 'uncaughtException')) {
        if (!before[i]!.has(listener)) process.off(event, listener)
      }
    }
  }
}

function parseName(text: string): BackendName {
  const name = BACKENDS.find((candidate) => candidate === text)
  if (name === undefined) {
    throw new ScorerError(
      'backend_unknown',
      `SCORER_BACKEND=${text} is not a backend; choose one of ${BACKENDS.join(', ')}`,
    )
  }
  return name
}

function preferenceOrder(preferred: BackendName | undefined): BackendName[] {
  return preferred === undefined ? [...BACKENDS] : [preferred, ...BACKENDS.filter((name) => name !== preferred)]
}

function because(refused: readonly Refusal[]): string {
  return refused.map(({ name, reason }) => `; "${name}" does not load: ${reason}`).join('')
}

function firstLine(error: unknown): string {
  return reasonOf(error).split('\n', 1)[0]!.trim().replace(/\.$/, '')
}
