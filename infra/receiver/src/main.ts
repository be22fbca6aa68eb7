import { configOrExit, createLogger, runService } from '@holdfast/platform'
import { buildReceiver } from './build.ts'
import { SETTINGS } from './config.ts'

const config = configOrExit(SETTINGS)
const log = createLogger({ service: 'receiver', level: config.LOG_LEVEL, pretty: config.LOG_PRETTY })

await runService(
  async (context) => {
    const receiver = await buildReceiver(config, log, context)
    log.info(receiver, 'receiver is running')
  },
  { log },
)
