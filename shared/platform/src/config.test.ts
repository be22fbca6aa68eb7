import { expect, expectTypeOf, test } from 'vitest'
import { as, describeConfig, readConfig } from './config.ts'

const settings = {
  POLL_MS: { parse: as.number({ min: 1, max: 60_000 }), default: '250', unit: 'ms', says: 'Pause between looks.' },
  MODE: { parse: as.oneOf(['live', 'replay']), default: 'live', unit: '-', says: 'Live or replay.' },
  BROKERS: { parse: as.list(), default: 'a:1', unit: 'host:port, …', says: 'Where Kafka answers.' },
  TLS: { parse: as.flag(), default: 'false', unit: '-', says: 'Encrypt.' },
  PASSWORD: { parse: as.text(), default: '', unit: '-', says: 'Secret word.', secret: true },
}

test('defaults are parsed like anything else, and an empty variable counts as missing', () => {
  const config = readConfig(settings, { BROKERS: 'a:1, b:2,', TLS: 'on', MODE: '' })
  expect(config).toEqual({ POLL_MS: 250, MODE: 'live', BROKERS: ['a:1', 'b:2'], TLS: true, PASSWORD: '' })
  expectTypeOf(config.POLL_MS).toEqualTypeOf<number>()
  expectTypeOf(config.MODE).toEqualTypeOf<'live' | 'replay'>()
})

test('all that is wrong is told at once, with what was expected', () => {
  expect(() => readConfig(settings, { POLL_MS: '1e9', MODE: 'fast', TLS: 'maybe' })).toThrow(
    [
      'these settings cannot be used:',
      '  - POLL_MS="1e9": expected a whole number from 1 to 60000 (Pause between looks.)',
      '  - MODE="fast": expected one of live, replay (Live or replay.)',
      '  - TLS="maybe": expected true or false (Encrypt.)',
    ].join('\n'),
  )
})

test.each(['', ' ', 'NaN', 'Infinity', '1.5', '0'])('%j is no whole number of at least 1', (text) => {
  expect(as.number({ min: 1 }).safeParse(text).success).toBe(false)
})

test('the docs are rendered from the same table', () => {
  const table = describeConfig(settings)
  expect(table).toContain('| `POLL_MS` | `250` | ms | Pause between looks. |')
  expect(table).toContain('| `PASSWORD` | (empty) | - | Secret word. |')
})

test('a bad secret is complained about without being shown', () => {
  const strict = { TOKEN: { ...settings.PASSWORD, parse: as.oneOf(['a', 'b']) } }
  const read = () => readConfig(strict, { TOKEN: 'hunter2' })
  expect(read).toThrow('TOKEN=(secret): expected one of a, b')
  expect(read).not.toThrow('hunter2')
})
