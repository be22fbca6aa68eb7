export * from './auc.ts'
export * from './calibration.ts'
export * from './ranking.ts'
