/**
 * The generated shop that the first champion learned from: three whole years, so that every season counts alike. Its
 * customers pay in three currencies; the rates are round, and part of what makes a training repeatable.
 */
export const DEFAULT_SHOP = {
  seed: 2026,
  customers: 12_000,
  from: Date.UTC(2023, 6, 1),
  until: Date.UTC(2026, 6, 1),
} as const

export const DEFAULT_SHOP_MONEY = { base: 'EUR', rates: { GBP: '1.17', USD: '0.92' } } as const
