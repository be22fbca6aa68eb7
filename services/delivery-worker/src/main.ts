import { createLogger, explainError, readConfig, runService } from '@holdfast/platform'
import { buildDeliveryWorker } from './build.ts'
import { type Config, SETTINGS } from './config.ts'

const config = configOrExit()
const log = createLogger({ service: 'delivery-worker', level: config.LOG_LEVEL, pretty: config.LOG_PRETTY })

await runService(
  async (context) => {
    const { probeUrl } = await buildDeliveryWorker(config, log, context)
    log.info({ probeUrl }, 'delivery-worker is running')
  },
  { log },
)

/** Before there is a log, what is wrong goes to whoever started us. */
function configOrExit(): Config {
  try {
    return readConfig(SETTINGS, process.env)
  } catch (thrown) {
    process.stderr.write(`${explainError(thrown)}\n`)
    process.exit(1)
  }
}
