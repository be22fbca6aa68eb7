export { type BacktestReport, backtestDays, backtestReport, type Judged, type Spread } from './report.ts'
export { type BacktestRequest, type BacktestRun, runBacktest } from './run.ts'
