import { findFreePort } from '@holdfast/local'
import { z } from 'zod'
import { ServiceProcess, spawnService } from './service-process.ts'

const readinessSchema = z.object({
  redis: z.boolean(),
  shards: z.array(z.object({ partition: z.number(), caughtUp: z.boolean() })),
})
export type Readiness = z.output<typeof readinessSchema>

/** The risk-worker as it is deployed. */
export class WorkerProcess extends ServiceProcess {
  static async start(name: string, logDir: string, env: Readonly<Record<string, string>>): Promise<WorkerProcess> {
    const port = await findFreePort()
    return new WorkerProcess(
      await spawnService({
        name,
        main: 'services/risk-worker/dist/main.js',
        logDir,
        env: { ...env, PROBE_PORT: String(port) },
        probeUrl: `http://127.0.0.1:${port}`,
      }),
    )
  }

  /** What it says of itself; undefined where it does not answer. */
  async readiness(): Promise<Readiness | undefined> {
    try {
      const response = await fetch(`${this.spawned.probeUrl}/readyz`, { signal: AbortSignal.timeout(1_000) })
      const body: unknown = await response.json()
      return z.object({ detail: readinessSchema }).parse(body).detail
    } catch {
      return undefined
    }
  }

  /** Resolves when it has so many shards. @throws Error with the end of its log, when it ends instead */
  async owns(shards: number, timeoutMs = 60_000): Promise<void> {
    await this.until(async () => {
      const readiness = await this.readiness()
      return readiness?.redis === true && readiness.shards.length === shards
    }, timeoutMs)
  }
}
