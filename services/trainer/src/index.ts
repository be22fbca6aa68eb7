export * from './backtest/index.ts'
export { type CustomerValue, type FittedValue, fitValue, type ValueRequest } from './clv.ts'
export { type Config as TrainerConfig, SETTINGS as TRAINER_SETTINGS } from './config.ts'
export * from './dataset/index.ts'
export { buildRows, hasBought, type Population, type RowsRequest, type Snapshot } from './dataset/rows.ts'
export { type Split, type SplitRequest, splitByTime } from './dataset/split.ts'
export { DEFAULT_SHOP, DEFAULT_SHOP_MONEY } from './default-shop.ts'
export { type Drift, measureDrift } from './drift/measure-drift.ts'
export { TrainerError, type TrainerErrorCode } from './errors.ts'
export { championPrediction, type EvaluateRequest, evaluateStored } from './evaluate-stored.ts'
export { chooseThreshold, type Threshold, type ThresholdRule } from './fit/thresholds.ts'
export {
  type CustomerValueFit,
  type CustomerValueRequest,
  type FittedCustomerValue,
  fitCustomerValue,
  type ValueCheck,
} from './fit/value.ts'
export type { Measured, MeasuredThreshold, Trained } from './learn/learn.ts'
export { type LearnRequest, learn } from './learn/learn.ts'
export { type Plan, planCutoffs } from './learn/plan.ts'
export { type DecodedLog, decodeLog, type LogRecord } from './log.ts'
export * from './metrics/index.ts'
export {
  GATE_LIMITS,
  type GateCheck,
  type GateLimits,
  type GateReport,
  type GateRequest,
  judgeCandidate,
} from './registry/gate.ts'
export { nextVersion, writeVersion } from './registry/registry.ts'
export { readTrainingRecord } from './registry/training-record.ts'
export {
  type Compared,
  compare,
  type Interval,
  type Intervals,
  mulberry32,
  type Prediction,
  type Quality,
} from './report/bootstrap.ts'
export { populationStability, type Reference, referenceOf } from './report/drift.ts'
export {
  type EvaluationReport,
  type EvaluationRequest,
  evaluateModel,
  type TrainingRecord,
} from './report/evaluation-report.ts'
export { htmlReport } from './report/html/page.ts'
export { askToRetrain, openRetrainingQueue, type RetrainingJob, retrainForDrift, type Why } from './retraining/job.ts'
export type { CandidateFigures, Outcome, OutcomeKind, Proposal, RetrainingRecord } from './retraining/outcome.ts'
export { type RetrainingStore, retrainingStore } from './retraining/record.ts'
export { nextRun, type Schedule, setSchedule } from './retraining/schedule.ts'
export { type CustomerScore, type ScoreRequest, scoreCustomers } from './score.ts'
export { DAY_MS, DEFAULT_SETTINGS, type TrainingSettings } from './settings.ts'
export type { Stored, StoreOptions } from './store-trained.ts'
export { type TrainAtRequest, type TrainRequest, type Truth, train, trainAt } from './train.ts'
export {
  type LogRequest,
  type ShopRequest,
  trainOnGeneratedShop,
  trainOnLog,
} from './train-and-store.ts'
export { type SourceRequest, trainOnSource } from './train-from-source.ts'
export * from './watch/index.ts'
