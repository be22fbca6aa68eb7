export { type Config as RiskWorkerConfig, SETTINGS as RISK_WORKER_SETTINGS } from './config.ts'
export { type RebuildProgress, type RebuildReport, rebuild } from './rebuild.ts'
