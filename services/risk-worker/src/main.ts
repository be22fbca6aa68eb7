import { configOrExit, createLogger, runService } from '@holdfast/platform'
import { buildRiskWorker } from './build.ts'
import { SETTINGS } from './config.ts'

const config = configOrExit(SETTINGS)
const log = createLogger({ service: 'risk-worker', level: config.LOG_LEVEL, pretty: config.LOG_PRETTY })

await runService(
  async (context) => {
    const { probeUrl } = await buildRiskWorker(config, log, context)
    log.info({ probeUrl }, 'risk-worker is running')
  },
  { log },
)
