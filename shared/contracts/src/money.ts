/** Decimal strings to integer minor units, digit by digit: no amount ever passes through a binary fraction. */

/** Amounts of this many minor units and more are refused: sums over a customer's life must stay exact integers. */
export const MAX_MINOR = 1e12

const MAX_WHOLE_DIGITS = 40
const MAX_DECIMALS = 4

/** What an amount looks like: no sign, no exponent, at most four decimals. The bound on digits only bounds the work. */
export const AMOUNT_PATTERN = /^\d{1,40}(?:\.\d{1,4})?$/

/** Whether a text matches `AMOUNT_PATTERN`, in a fraction of its time. */
export function isAmount(text: string): boolean {
  const whole = digitsFrom(text, 0)
  if (whole === 0 || whole > MAX_WHOLE_DIGITS) return false
  if (whole === text.length) return true
  if (text.charCodeAt(whole) !== 46) return false
  const decimals = digitsFrom(text, whole + 1)
  return decimals > 0 && decimals <= MAX_DECIMALS && whole + 1 + decimals === text.length
}

/** How many digits stand in a row. */
function digitsFrom(text: string, from: number): number {
  let at = from
  while (at < text.length && text.charCodeAt(at) >= 48 && text.charCodeAt(at) <= 57) at++
  return at - from
}

/** Decimals of the currencies that do not have two (ISO 4217, list one). */
const EXPONENTS: ReadonlyMap<string, number> = new Map([
  ...'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'.split(' ').map((code) => [code, 0] as const),
  ...'BHD IQD JOD KWD LYD OMR TND'.split(' ').map((code) => [code, 3] as const),
  ...'CLF UYW'.split(' ').map((code) => [code, 4] as const),
])

/** Decimals of a currency's minor unit: 2 for EUR, 0 for JPY, 3 for KWD. */
export function currencyExponent(code: string): number {
  return EXPONENTS.get(code) ?? 2
}

/**
 * An amount in minor units of a currency with `exponent` decimals. Decimals beyond are rounded, half away from zero.
 * @param amount matches `AMOUNT_PATTERN`.
 */
export function toMinor(amount: string, exponent: number): number {
  const dot = amount.indexOf('.')
  const whole = dot < 0 ? amount.length : dot
  let minor = 0
  for (let i = 0; i < whole; i++) minor = minor * 10 + (amount.charCodeAt(i) - 48)
  for (let i = 1; i <= exponent; i++) {
    const at = whole + i
    minor = minor * 10 + (at < amount.length ? amount.charCodeAt(at) - 48 : 0)
  }
  const next = whole + exponent + 1
  return next < amount.length && amount.charCodeAt(next) >= 53 ? minor + 1 : minor
}

/** Multiplies ten-thousandths of a currency into minor units of the base currency: `factor / divisor`, exactly. */
interface Rate {
  readonly factor: bigint
  readonly divisor: bigint
}

function parseRate(code: string, text: string, baseExponent: number): Rate {
  if (!/^\d{1,12}(?:\.\d{1,12})?$/.test(text) || !/[1-9]/.test(text)) {
    throw new Error(`rate of ${code}: expected a decimal above 0 such as "0.92", got ${JSON.stringify(text)}`)
  }
  const [whole = '', fraction = ''] = text.split('.')
  return { factor: BigInt(whole + fraction) * 10n ** BigInt(baseExponent), divisor: 10n ** BigInt(4 + fraction.length) }
}

/** Minor units of the base currency, or undefined for a currency that has no rate. */
export type ToBaseMinor = (amount: string, currency: string) => number | undefined

/**
 * @param base ISO 4217 code of the currency that states and aggregates are kept in
 * @param rates by currency: units of the base currency that one unit buys, decimal strings; converted exactly, then
 * rounded half away from zero
 * @throws Error for a code or a rate that cannot be one.
 */
export function createConverter(base: string, rates: Readonly<Record<string, string>>): ToBaseMinor {
  for (const code of [base, ...Object.keys(rates)]) {
    if (!/^[A-Z]{3}$/.test(code))
      throw new Error(`currency ${JSON.stringify(code)}: expected an ISO 4217 code such as EUR`)
  }
  const exponent = currencyExponent(base)
  const table = new Map(Object.entries(rates).map(([code, rate]) => [code, parseRate(code, rate, exponent)]))

  return function toBaseMinor(amount, currency) {
    if (currency === base) return toMinor(amount, exponent)
    const rate = table.get(currency)
    if (rate === undefined) return undefined
    const [whole = '', fraction = ''] = amount.split('.')
    const numerator = BigInt(whole + fraction.padEnd(4, '0')) * rate.factor
    return Number((2n * numerator + rate.divisor) / (2n * rate.divisor))
  }
}
