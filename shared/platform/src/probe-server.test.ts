import { expect, onTestFinished, test } from 'vitest'
import { startProbeServer } from './probe-server.ts'

const metrics = { contentType: 'text/plain', render: async () => 'up 1\n' }

async function serve(options: Partial<Parameters<typeof startProbeServer>[0]> = {}) {
  const fine = () => ({ ok: true, detail: 'fine' })
  const server = await startProbeServer({ port: 0, health: fine, ready: fine, metrics, ...options })
  onTestFinished(() => server.stop())
  return server
}

test('probes answer with their detail, and metrics as Prometheus wants them', async () => {
  const { url } = await serve({ ready: async () => ({ ok: false, detail: { behind: 12 } }) })
  const health = await fetch(`${url}/healthz`)
  expect([health.status, await health.json()]).toEqual([200, { ok: true, detail: 'fine' }])
  const ready = await fetch(`${url}/readyz?verbose`)
  expect([ready.status, await ready.json()]).toEqual([503, { ok: false, detail: { behind: 12 } }])
  expect(await (await fetch(`${url}/metrics`)).text()).toBe('up 1\n')
  expect((await fetch(`${url}/other`)).status).toBe(404)
})

test('a probe that throws is a failed probe, not a hung request', async () => {
  const { url } = await serve({
    health: () => {
      throw new Error('no idea')
    },
  })
  const health = await fetch(`${url}/healthz`)
  expect([health.status, await health.json()]).toEqual([503, { ok: false, detail: 'no idea' }])
})

test('a taken port is told as such', async () => {
  const { url } = await serve()
  await expect(serve({ port: Number(new URL(url).port) })).rejects.toMatchObject({ code: 'PORT_UNAVAILABLE' })
})
