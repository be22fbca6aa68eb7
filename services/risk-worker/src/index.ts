export { type Config as RiskWorkerConfig, inputTopicsOf, SETTINGS as RISK_WORKER_SETTINGS, topicsOf } from './config.ts'
export { type RebuildProgress, type RebuildReport, rebuild } from './rebuild.ts'
