import { configOrExit, createLogger, runService } from '@holdfast/platform'
import { buildDeliveryWorker } from './build.ts'
import { SETTINGS } from './config.ts'

const config = configOrExit(SETTINGS)
const log = createLogger({ service: 'delivery-worker', level: config.LOG_LEVEL, pretty: config.LOG_PRETTY })

await runService(
  async (context) => {
    const { probeUrl } = await buildDeliveryWorker(config, log, context)
    log.info({ probeUrl }, 'delivery-worker is running')
  },
  { log },
)
