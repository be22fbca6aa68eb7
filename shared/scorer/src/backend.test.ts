import { afterEach, expect, test, vi } from 'vitest'
import { loadBackend } from './backend.ts'

afterEach(() => {
  vi.unstubAllEnvs()
  vi.doUnmock('@tensorflow/tfjs-node')
  vi.doUnmock('@tensorflow/tfjs-backend-wasm')
  vi.resetModules()
})

function breakPackage(name: string) {
  vi.doMock(name, () => {
    throw new Error(`${name} is not for this machine`)
  })
}

// First in the file, because WASM is loaded once a process.
test('loading a backend leaves the process no crash handler that was not there before', async () => {
  const handlers = () => process.listenerCount('uncaughtException') + process.listenerCount('unhandledRejection')
  const before = handlers()
  await loadBackend({ forced: 'wasm' })
  expect(handlers()).toBe(before)
})

test('a native binding that does not load is reported, and WASM takes over', async () => {
  breakPackage('@tensorflow/tfjs-node')
  const lines: string[] = []
  const backend = await loadBackend({ forced: '', log: { info: (_fields, message) => lines.push(message) } })
  expect(backend.name).toBe('wasm')
  expect(backend.refused.map(({ name }) => name)).toEqual(['node'])
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(/backend "wasm"; "node" does not load: /)
})

test('without native and WASM, plain JavaScript takes over', async () => {
  breakPackage('@tensorflow/tfjs-node')
  breakPackage('@tensorflow/tfjs-backend-wasm')
  const backend = await loadBackend({ forced: '' })
  expect(backend.name).toBe('cpu')
  expect(backend.refused.map(({ name }) => name)).toEqual(['node', 'wasm'])
})

test('a preferred backend comes first', async () => {
  expect((await loadBackend({ forced: '', preferred: 'cpu' })).name).toBe('cpu')
})

test('SCORER_BACKEND forces one', async () => {
  vi.stubEnv('SCORER_BACKEND', 'cpu')
  expect((await loadBackend()).name).toBe('cpu')
})

test('a forced backend that does not load is an error that names the cure', async () => {
  breakPackage('@tensorflow/tfjs-node')
  vi.stubEnv('SCORER_BACKEND', 'node')
  await expect(loadBackend()).rejects.toMatchObject({
    code: 'backend_unavailable',
    message: expect.stringMatching(/SCORER_BACKEND=node .* does not load: .*infra\/native-tensorflow\.mjs/),
  })
})

test('an unknown backend is an error that names the choices', async () => {
  vi.stubEnv('SCORER_BACKEND', 'gpu')
  await expect(loadBackend()).rejects.toMatchObject({
    code: 'backend_unknown',
    message: expect.stringContaining('choose one of node, wasm, cpu'),
  })
})
