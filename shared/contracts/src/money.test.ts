import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AMOUNT_PATTERN, createConverter, currencyExponent, isAmount, toMinor } from './money.ts'

describe('toMinor', () => {
  it.each([
    ['49.90', 2, 4990],
    ['0', 2, 0],
    ['0.1', 2, 10],
    ['1.005', 2, 101],
    ['1.0049', 2, 100],
    ['0.995', 2, 100],
    ['1500', 0, 1500],
    ['1500.5', 0, 1501],
    ['1.234', 3, 1234],
    ['9999999999.99', 2, 999_999_999_999],
  ])('%s with %i decimals', (amount, exponent, minor) => {
    expect(toMinor(amount, exponent)).toBe(minor)
  })

  it('loses nothing of any amount below the limit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999_999 }), (minor) => {
        const text = `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}`
        expect(toMinor(text, 2)).toBe(minor)
      }),
    )
  })
})

describe('isAmount', () => {
  it('says what the pattern says', () => {
    const part = fc.stringMatching(/^[0-9]{1,5}$/)
    const digits = fc.oneof(part, fc.constantFrom('', '7'.repeat(40), '7'.repeat(41), '/', '1:', '٣'))
    const texts = fc.tuple(digits, fc.constantFrom('', '.', ',', '..', '-', 'e'), digits).map((parts) => parts.join(''))
    let amounts = 0
    fc.assert(
      fc.property(texts, (text) => {
        if (isAmount(text)) amounts++
        expect(isAmount(text)).toBe(AMOUNT_PATTERN.test(text))
      }),
      { numRuns: 2_000, seed: 3 },
    )
    expect(amounts).toBeGreaterThan(100)
  })
})

describe('createConverter', () => {
  it('knows the decimals of a currency', () => {
    expect(['EUR', 'JPY', 'KWD'].map(currencyExponent)).toEqual([2, 0, 3])
  })

  it('converts exactly and rounds half away from zero', () => {
    const toEur = createConverter('EUR', { GBP: '1.17', JPY: '0.0061', USD: '0.5' })
    expect(toEur('49.90', 'EUR')).toBe(4990)
    expect(toEur('10.00', 'GBP')).toBe(1170)
    expect(toEur('1000', 'JPY')).toBe(610)
    expect(toEur('0.01', 'USD')).toBe(1)
    expect(toEur('0.0099', 'USD')).toBe(0)
    expect(toEur('1', 'SEK')).toBeUndefined()
    expect(createConverter('JPY', { EUR: '163.9' })('1.00', 'EUR')).toBe(164)
  })

  it('refuses a configuration that cannot be meant', () => {
    expect(() => createConverter('eur', {})).toThrow('expected an ISO 4217 code')
    expect(() => createConverter('EUR', { USD: '0,92' })).toThrow('rate of USD: expected a decimal above 0')
    expect(() => createConverter('EUR', { USD: '0.00' })).toThrow('rate of USD')
  })
})
