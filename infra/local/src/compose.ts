import { createHash } from 'node:crypto'
import { composeFile, homeFolder } from './folders.ts'
import { findFreePort } from './ports.ts'
import { type Say, sayOnStderr, withProgress } from './progress.ts'
import { lastLines, runCommand } from './run-command.ts'

/** The two services of infra/compose.yaml that stand in for the embedded ones. */
export type ComposeService = 'kafka' | 'redis'

export interface ComposeContainer {
  /** Published on 127.0.0.1. */
  readonly port: number
  stop(): Promise<void>
}

/** Whether `docker compose` is there and an engine answers it. */
export const composeEngineAnswers = async (): Promise<boolean> => {
  const [plugin, engine] = await Promise.all([
    runCommand('docker', ['compose', 'version']),
    runCommand('docker', ['info', '--format', '{{.ServerVersion}}']),
  ])
  return plugin.code === 0 && engine.code === 0
}

/** One project per home, service and mode: checkouts side by side have containers and volumes of their own. */
const projectName = (service: ComposeService, mode: string): string => {
  const home = createHash('sha256').update(homeFolder()).digest('hex').slice(0, 8)
  return `holdfast-${home}-${mode}-${service}`
}

const compose = (service: ComposeService, mode: string, port: number, ...args: string[]) =>
  runCommand('docker', ['compose', '--file', composeFile(), '--project-name', projectName(service, mode), ...args], {
    env: { ...process.env, HOLDFAST_KAFKA_PORT: String(port), HOLDFAST_REDIS_PORT: String(port) },
  })

/** Removes the container, keeps its volume. Throws with compose's last lines. */
export const stopWithCompose = async (service: ComposeService, mode: string): Promise<void> => {
  const { code, output } = await compose(service, mode, 0, 'down')
  if (code !== 0) throw new Error(`docker compose could not stop ${service}:\n${lastLines(output)}`)
}

/** Brings one service of infra/compose.yaml up and waits until its health check passes. Throws with compose's last lines. */
export const startWithCompose = async (options: {
  service: ComposeService
  mode: string
  say?: Say
}): Promise<ComposeContainer> => {
  const { service, mode, say = sayOnStderr } = options
  const port = await findFreePort()
  const { code, output } = await withProgress(`docker compose up ${service}`, say, () =>
    compose(service, mode, port, 'up', '--detach', '--wait', service),
  )
  const stop = () => stopWithCompose(service, mode)
  if (code !== 0) {
    await stop().catch(() => {}) // the first failure is the one to tell
    throw new Error(`docker compose could not start ${service}:\n${lastLines(output)}`)
  }
  return { port, stop }
}
