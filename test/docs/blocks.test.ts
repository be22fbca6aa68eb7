import { expect, test } from 'vitest'
import { blocksOf } from './blocks.ts'

const page = (...lines: string[]) => blocksOf('README.md', lines.join('\n'))
const fates = (...lines: string[]) => page(...lines).map(({ fate }) => fate)

test('a block of commands is run, unless the line before it says otherwise', () => {
  expect(fates('Type:', '', '```sh', 'npm start', '```')).toEqual([{ kind: 'run' }])
  expect(fates('<!-- not run: needs your own Kafka -->', '```sh', 'npm start', '```')).toEqual([
    { kind: 'not run', reason: 'needs your own Kafka' },
  ])
  expect(fates('<!-- run with: ../data/a.csv, b.csv -->', '```sh', 'ls', '```')).toEqual([
    { kind: 'run', files: ['../data/a.csv', 'b.csv'] },
  ])
  expect(fates('<!-- run by: test/a.test.ts › it runs -->', '', '```bash', 'npm start', '```')).toEqual([
    { kind: 'run by', file: 'test/a.test.ts', test: 'it runs' },
  ])
})

test('a mark holds for the next block only, and only right before it', () => {
  expect(fates('<!-- not run: no -->', '```sh', 'a', '```', '', '```sh', 'b', '```')[1]).toEqual({ kind: 'run' })
  expect(fates('<!-- not run: no -->', 'But then:', '```sh', 'a', '```')).toEqual([{ kind: 'run' }])
  expect(fates('<!-- never run -->', '```sh', 'a', '```')).toEqual([{ kind: 'run' }])
})

test('settings alone are told apart from commands with settings before them', () => {
  const names = ['KAFKA_BROKERS', 'KAFKA_TLS', 'KEY_PREFIX']
  expect(
    fates('```sh', 'KAFKA_BROKERS=a:1,b:2  KAFKA_TLS=true  # X=1 of many', '', '# all', 'KEY_PREFIX=hf', '```'),
  ).toEqual([{ kind: 'settings', names }])
  expect(fates('```sh', 'KEY_PREFIX=hf npm start', '```')).toEqual([{ kind: 'run' }])
})

test('other languages are no commands, and what is in a block is no block', () => {
  const blocks = page(
    '```json',
    '{}',
    '```',
    '````sh',
    'echo "',
    '```',
    '"',
    '````',
    '  ```sh',
    '  ls',
    '  ```',
    '```',
    'x',
    '```',
  )
  expect(blocks.map(({ language, text, fate }) => [language, text, fate?.kind])).toEqual([
    ['json', '{}', undefined],
    ['sh', 'echo "\n```\n"', 'run'],
    ['sh', 'ls', 'run'],
    ['', 'x', undefined],
  ])
  expect(blocks.map(({ line }) => line)).toEqual([1, 4, 9, 12])
  expect(() => page('text', '```sh', 'ls')).toThrow('README.md:2: this block is never closed')
})
