export * from './bg-nbd.ts'
export * from './gamma-gamma.ts'
export * from './lifetime-value.ts'
export * from './purchase-days.ts'
