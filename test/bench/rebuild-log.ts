/** Rebuilds every shard from the log, as `holdfast rebuild` does. Run by main.ts as a process of its own. */
import { createLogger, readConfig } from '@holdfast/platform'
import { RISK_WORKER_SETTINGS, rebuild } from '@holdfast/risk-worker'
import { startWatch, tellMeasured } from './measured-process.ts'

const watch = startWatch()
const log = createLogger({ service: 'rebuild', level: 'warn' })
const { records, seconds } = await rebuild(readConfig(RISK_WORKER_SETTINGS, process.env), log)
tellMeasured({ ...watch(records), seconds })
