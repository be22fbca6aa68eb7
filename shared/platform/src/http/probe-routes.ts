import { z } from 'zod'
import { asError } from '../errors.ts'
import type { Probe, ProbeResult } from '../probe-server.ts'
import type { HttpApp } from './app.ts'

const PROBE_SCHEMA = z.object({ ok: z.boolean(), detail: z.unknown() })

export interface Probes {
  readonly health: Probe
  readonly ready: Probe
  readonly metrics: { readonly contentType: string; render(): Promise<string> }
}

/** The same three addresses as `startProbeServer` has, for a service that listens anyway. */
export function addProbeRoutes(app: HttpApp, { health, ready, metrics }: Probes): void {
  const response = { 200: PROBE_SCHEMA.describe('Yes.'), 503: PROBE_SCHEMA.describe('No; `detail` says why.') }
  const add = (url: string, summary: string, probe: Probe) =>
    app.get(url, { schema: { summary, security: [], response } }, async (_, reply) => {
      const result = await outcomeOf(probe)
      return reply.code(result.ok ? 200 : 503).send({ ok: result.ok, detail: result.detail })
    })
  add('/healthz', 'Should the process be left alive?', health)
  add('/readyz', 'Is it doing its work?', ready)
  app.get('/metrics', { schema: { hide: true } }, async (_, reply) =>
    reply.type(metrics.contentType).send(await metrics.render()),
  )
}

async function outcomeOf(probe: Probe): Promise<ProbeResult> {
  try {
    return await probe()
  } catch (thrown) {
    return { ok: false, detail: asError(thrown).message }
  }
}
