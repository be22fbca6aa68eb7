import { expect, test } from 'vitest'
import { createLogger } from './logger.ts'

function collect() {
  const lines: string[] = []
  return { lines, destination: { write: (line: string) => void lines.push(line) } }
}

test('a line is JSON that names the service, the level in words and the time', () => {
  const { lines, destination } = collect()
  createLogger({ service: 'trainer', level: 'info', destination }).info({ rows: 3 }, 'fitted')
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ service: 'trainer', level: 'info', rows: 3, msg: 'fitted' })
})

test('pretty lines read left to right and keep the stack of an error', () => {
  const { lines, destination } = collect()
  const log = createLogger({ service: 'trainer', level: 'info', pretty: true, destination })
  log.debug('not shown')
  log.error({ err: new Error('boom'), partition: 3 }, 'gave up')
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} {2}error {2}trainer {2}gave up {2}partition=3\nError: boom\n/)
})
