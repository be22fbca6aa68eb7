import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import {
  dataFolder,
  findFreePort,
  isAlive,
  markProcess,
  type ProcessMark,
  repositoryRoot,
  type Say,
  type Stoppable,
  type Supervisor,
  superviseProcess,
} from '@holdfast/local'
import { asError, HoldfastError } from '@holdfast/platform'
import type { Env } from '../config.ts'
import type { RunPlan } from './run-plan.ts'
import type { RunRecord } from './run-record.ts'
import { entryOf, type ServiceContext, type ServiceSpec } from './service-table.ts'

export interface StartServiceOptions {
  readonly plan: RunPlan
  readonly run: RunRecord
  /** What all services share. */
  readonly env: Env
  readonly say: Say
  readonly onStarted: (started: Stoppable) => void
  /** Aborted when nothing more is to be started. */
  readonly signal: AbortSignal
}

/**
 * Starts services, each as soon as those are ready that it waits for. Resolves with their URLs when all are ready.
 * @throws HoldfastError SERVICE_NOT_STARTED, of the first that fails
 */
export async function startServices(
  specs: readonly ServiceSpec[],
  options: StartServiceOptions,
): Promise<ReadonlyMap<string, string>> {
  const starting = new Map<string, Promise<void>>()
  const urls = new Map<string, string>()
  const ports = new Map<string, number>()
  const context: ServiceContext = {
    plan: options.plan,
    webhookSecret: `whsec_${randomBytes(32).toString('base64')}`,
    url: (name) => urls.get(name) ?? '',
    port: (variable) => ports.get(variable) ?? 0,
  }
  for (const spec of specs) {
    const start = async () => {
      await Promise.all(spec.after.map((name) => starting.get(name)))
      options.signal.throwIfAborted()
      const own = await portsOf(spec, options.env)
      const url = await startService(spec, own, context, options)
      for (const [variable, port] of own) ports.set(variable, port)
      urls.set(spec.name, url)
    }
    const started = start()
    // Told below; what fails while others start must not be an unhandled rejection.
    started.catch(() => {})
    starting.set(spec.name, started)
  }
  await Promise.all(starting.values())
  return urls
}

async function portsOf({ ports }: ServiceSpec, env: Env): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>()
  // What the environment says of PROBE_PORT cannot hold for every process.
  const given = (variable: string) => (variable === 'PROBE_PORT' ? 0 : Number(env[variable] ?? 0))
  for (const variable of ports) found.set(variable, given(variable) || (await findFreePort()))
  return found
}

async function startService(
  spec: ServiceSpec,
  ports: ReadonlyMap<string, number>,
  context: ServiceContext,
  { plan, run, env, say, onStarted }: StartServiceOptions,
): Promise<string> {
  const { name } = spec
  const url = `http://127.0.0.1:${ports.get(spec.ports[0])}`
  const logFile = join(dataFolder(plan.mode), 'logs', `${name}.log`)
  say(`starting ${name}`)
  let mark: ProcessMark | undefined
  let supervisor: Supervisor | undefined
  const starting = superviseProcess({
    name,
    command: process.execPath,
    args: [...(spec.nodeFlags ?? []), entryOf(spec)],
    env: {
      ...env,
      ...spec.env(context),
      ...Object.fromEntries([...ports].map(([variable, port]) => [variable, String(port)])),
    },
    cwd: repositoryRoot(),
    logFile,
    readyUrl: `${url}/${spec.readiness}`,
    say,
    onStart(pid) {
      mark = markProcess(pid)
      run.put({ name, process: mark, url, logFile })
    },
  })
  onStarted({
    name,
    async stop(withinMs) {
      if (supervisor === undefined) await endEarly(mark, withinMs)
      // It may have become ready just then; its supervisor would start it again.
      const started = await starting.catch(() => undefined)
      await started?.stop(withinMs)
    },
  })
  supervisor = await starting.catch((thrown: unknown) => {
    throw new HoldfastError({
      code: 'SERVICE_NOT_STARTED',
      message: asError(thrown).message,
      cure: `mend what its log names, then start again: ${logFile}`,
    })
  })
  return url
}

/**
 * Ends a process that was never ready. SIGTERM first: it may have joined the consumer group, and whoever starts next would
 * wait for the session of a member that did not say goodbye.
 */
async function endEarly(mark: ProcessMark | undefined, withinMs = 2_000): Promise<void> {
  if (mark === undefined || !isAlive(mark)) return
  process.kill(mark.pid, 'SIGTERM')
  const killAt = performance.now() + withinMs
  for (let killed = false; isAlive(mark); ) {
    if (!killed && performance.now() > killAt) {
      process.kill(mark.pid, 'SIGKILL')
      killed = true
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const READY_WITHIN_MS = 60_000

/** @throws HoldfastError SERVICE_NOT_READY */
export async function requireReady(name: string, run: RunRecord, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS
  const service = run.state().services.find((candidate) => candidate.name === name)
  const url = `${service?.url}/readyz`
  while (!(await fetch(url, { signal: AbortSignal.timeout(2_000) }).then(isOk, () => false))) {
    signal.throwIfAborted()
    if (performance.now() > deadline) {
      throw new HoldfastError({
        code: 'SERVICE_NOT_READY',
        message: `${name} does not get ready: ${url} does not answer 2xx`,
        cure: `its log tells why: ${service?.logFile}`,
      })
    }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

async function isOk(response: Response): Promise<boolean> {
  await response.body?.cancel()
  return response.ok
}
