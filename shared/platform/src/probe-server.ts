import { createServer, type RequestListener } from 'node:http'
import { as, type Settings } from './config.ts'
import { asError, HoldfastError } from './errors.ts'
import type { Stoppable } from './lifecycle.ts'

/** Where a service's probes listen. @param port unless the environment says otherwise */
export function probeSettings(port: number) {
  return {
    PROBE_HOST: {
      parse: as.required(),
      default: '127.0.0.1',
      unit: '-',
      says: 'Where /healthz, /readyz and /metrics listen.',
    },
    PROBE_PORT: {
      parse: as.number({ min: 0, max: 65_535 }),
      default: String(port),
      unit: 'port',
      says: 'Port of /healthz, /readyz and /metrics; 0 for a free one.',
    },
  } as const satisfies Settings
}

export interface ProbeResult {
  readonly ok: boolean
  /** What a person or a dashboard wants to see; sent as JSON. */
  readonly detail: unknown
}

export type Probe = () => ProbeResult | Promise<ProbeResult>

export interface ProbeServerOptions {
  /** 0 takes a free one. */
  readonly port: number
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Should the process be left alive? */
  readonly health: Probe
  /** Is it doing its work? */
  readonly ready: Probe
  readonly metrics: { readonly contentType: string; render(): Promise<string> }
}

export interface ProbeServer extends Stoppable {
  readonly url: string
}

/**
 * `GET /healthz`, `/readyz` (200 or 503, with the probe's detail) and `/metrics`.
 * @throws HoldfastError PORT_UNAVAILABLE
 */
export async function startProbeServer(options: ProbeServerOptions): Promise<ProbeServer> {
  const { port, host = '127.0.0.1' } = options
  const server = createServer(routes(options))
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new HoldfastError({
          code: 'PORT_UNAVAILABLE',
          message: `cannot listen on ${host}:${port}`,
          cause,
          cure: 'free the port or configure another.',
        }),
      ),
    )
    server.listen(port, host, resolve)
  })
  const address = server.address()
  const boundPort = typeof address === 'object' && address !== null ? address.port : port
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${boundPort}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        // Scrapers keep connections open; they would hold the close back.
        server.closeAllConnections()
      }),
  }
}

function routes({ health, ready, metrics }: ProbeServerOptions): RequestListener {
  const probe = async (run: Probe): Promise<[number, string, string]> => {
    try {
      const { ok, detail } = await run()
      return [ok ? 200 : 503, 'application/json', `${JSON.stringify({ ok, detail })}\n`]
    } catch (thrown) {
      return [503, 'application/json', `${JSON.stringify({ ok: false, detail: asError(thrown).message })}\n`]
    }
  }
  const answer = async (path: string): Promise<[number, string, string]> => {
    if (path === '/healthz') return probe(health)
    if (path === '/readyz') return probe(ready)
    if (path === '/metrics') return [200, metrics.contentType, await metrics.render()]
    return [404, 'text/plain', 'there is /healthz, /readyz and /metrics\n']
  }
  return (request, response) => {
    const path = (request.url ?? '/').split('?')[0] ?? '/'
    answer(path)
      .catch((thrown: unknown): [number, string, string] => [500, 'text/plain', `${asError(thrown).message}\n`])
      .then(([status, type, body]) => response.writeHead(status, { 'content-type': type }).end(body))
  }
}
