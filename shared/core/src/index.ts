export * from './event.ts'
export * from './hash.ts'
