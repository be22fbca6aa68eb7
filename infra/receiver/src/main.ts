import { createLogger, explainError, readConfig, runService } from '@holdfast/platform'
import { buildReceiver } from './build.ts'
import { type Config, SETTINGS } from './config.ts'

const config = configOrExit()
const log = createLogger({ service: 'receiver', level: config.LOG_LEVEL, pretty: config.LOG_PRETTY })

await runService(
  async (context) => {
    const receiver = await buildReceiver(config, log, context)
    log.info(receiver, 'receiver is running')
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
