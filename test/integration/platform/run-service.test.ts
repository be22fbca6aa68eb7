import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { eventually } from '@holdfast/testing'
import { expect, onTestFinished, test } from 'vitest'

const script = fileURLToPath(new URL('./processes/service.ts', import.meta.url))

function startProcess(fault?: string) {
  const args = ['--conditions=source', '--import', 'tsx', script, ...(fault === undefined ? [] : [fault])]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const out = { text: '', errors: '' }
  child.stdout.on('data', (chunk) => {
    out.text += chunk
  })
  child.stderr.on('data', (chunk) => {
    out.errors += chunk
  })
  const ended = new Promise<{ code: number | null }>((resolve) => child.on('close', (code) => resolve({ code })))
  return { child, out, ended }
}

test.each(['SIGINT', 'SIGTERM'] as const)('%s stops all in reverse order and ends with 0', async (signal) => {
  const { child, out, ended } = startProcess()
  await eventually(() => out.text.includes('ready'))
  child.kill(signal)
  expect(await ended).toEqual({ code: 0 })
  expect(out.text).toBe('ready\nstopped second\nstopped first\n')
})

test('a failing start stops what runs, says what to do, and ends with 1', async () => {
  const { out, ended } = startProcess('main')
  expect(await ended).toEqual({ code: 1 })
  expect(out.text).toBe('stopped second\nstopped first\n')
  expect(out.errors).toBe('NO_MODEL: no model\n  what to do: train one.\n')
})

test.each([
  ['rejection', 'Error: forgotten'],
  ['background', 'LOST: lost it'],
])('an error in the %s ends the process in order, with 1', async (fault, message) => {
  const { out, ended } = startProcess(fault)
  expect(await ended).toEqual({ code: 1 })
  expect(out.text).toContain('stopped second\nstopped first\n')
  expect(out.errors).toContain(message)
})

test('a stop that hangs costs the deadline and the exit code, not the other stops', async () => {
  const { child, out, ended } = startProcess('hang')
  await eventually(() => out.text.includes('ready'))
  child.kill('SIGTERM')
  expect(await ended).toEqual({ code: 1 })
  expect(out.text).toContain('stopped first')
})

test('a second signal does not wait', async () => {
  const { child, out, ended } = startProcess('hang')
  await eventually(() => out.text.includes('ready'))
  child.kill('SIGINT')
  await eventually(() => out.text.includes('stopped second'))
  child.kill('SIGINT')
  expect(await ended).toEqual({ code: 1 })
  expect(out.text).not.toContain('stopped first')
})
