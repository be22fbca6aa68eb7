import { expect, test } from 'vitest'
import { explainError, HoldfastError } from './errors.ts'

test('a coded error reads as what happened, why, and what to do', () => {
  const root = new Error('connect ECONNREFUSED 127.0.0.1:9092')
  const error = new HoldfastError({
    code: 'KAFKA_UNREACHABLE',
    message: 'no broker answers at 127.0.0.1:9092',
    cause: root,
    cure: 'start the broker, or set KAFKA_BROKERS.',
    canRetry: true,
  })
  expect(explainError(error)).toBe(
    [
      'KAFKA_UNREACHABLE: no broker answers at 127.0.0.1:9092',
      '  because: connect ECONNREFUSED 127.0.0.1:9092',
      '  what to do: start the broker, or set KAFKA_BROKERS.',
    ].join('\n'),
  )
  expect(error.canRetry).toBe(true)
})

test('any other error shows its stack, and things that are no errors still read', () => {
  expect(explainError(new TypeError('x is not a function'))).toContain('errors.test.ts')
  expect(explainError('just text')).toContain('just text')
})

test('a ring of causes ends', () => {
  const first = new Error('first')
  const second = new Error('second', { cause: first })
  first.cause = second
  expect(explainError(new HoldfastError({ code: 'RING', message: 'round', cause: first })).split('\n')).toHaveLength(9)
})
