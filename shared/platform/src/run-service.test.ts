import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

/** A service that says something ten times a second and tells by its exit code how it ended. */
const SERVICE = `
  import { createLogger, runService } from ${JSON.stringify(fileURLToPath(new URL('index.ts', import.meta.url)))}
  const log = createLogger({ service: 'talker', level: 'info' })
  await runService(async ({ lifecycle }) => {
    const timer = setInterval(() => log.info('still here'), 100)
    lifecycle.onStop('timer', async () => clearInterval(timer))
  }, { log })
`

function runTalker() {
  const args = ['--conditions=source', '--import', 'tsx', '--input-type=module', '--eval', SERVICE]
  const service = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void service.kill('SIGKILL'))
  return service
}

test('a service stops when nobody reads its output any more, and does not spin', async () => {
  const service = runTalker()
  await once(service.stdout, 'data')
  service.stdout.destroy()
  service.stderr.destroy()
  expect(await once(service, 'exit')).toEqual([1, null])
}, 60_000)

test('a service stops with 0 when it is asked to', async () => {
  const service = runTalker()
  await once(service.stdout, 'data')
  service.kill('SIGTERM')
  expect(await once(service, 'exit')).toEqual([0, null])
}, 60_000)
