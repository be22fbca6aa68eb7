import { configOrExit, createLogger, runService } from '@holdfast/platform'
import { buildTrainer } from './build.ts'
import { SETTINGS } from './config.ts'

const config = configOrExit(SETTINGS)
const log = createLogger({ service: 'trainer', level: config.LOG_LEVEL, pretty: config.LOG_PRETTY })

await runService(
  async (context) => {
    const { probeUrl } = await buildTrainer(config, log, context)
    log.info({ probeUrl }, 'trainer is running')
  },
  { log },
)
