import { configOrExit, createLogger, runService } from '@holdfast/platform'
import { buildGateway } from './build.ts'
import { SETTINGS } from './config.ts'

const config = configOrExit(SETTINGS)
const log = createLogger({ service: 'gateway', level: config.LOG_LEVEL, pretty: config.LOG_PRETTY })

await runService(
  async (context) => {
    const { url } = await buildGateway(config, log, context)
    log.info({ url }, 'gateway is running')
  },
  { log },
)
