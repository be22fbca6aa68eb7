import { configOrExit, createLogger, runService } from '@holdfast/platform'
import { buildConsole } from './build.ts'
import { SETTINGS } from './config.ts'

const config = configOrExit(SETTINGS)
const log = createLogger({ service: 'console', level: config.LOG_LEVEL, pretty: config.LOG_PRETTY })

await runService(
  async (context) => {
    const { url } = await buildConsole(config, log, context)
    log.info({ url }, 'console is running')
  },
  { log },
)
