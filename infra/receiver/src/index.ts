import { createLifecycle, type Logger, readConfig, type Stoppable } from '@holdfast/platform'
import { buildReceiver, type Receiver } from './build.ts'
import { SETTINGS } from './config.ts'

export type { Receiver } from './build.ts'
export { SETTINGS as RECEIVER_SETTINGS } from './config.ts'
export { type Fault, faultSchema } from './faults.ts'
export { type Received, receivedSchema } from './message.ts'
export { MESSAGES_FILE } from './message-store.ts'

/** A receiver within this process, told everything by settings, as in the environment. Its ports are free ones by default. */
export async function startReceiver(env: Readonly<Record<string, string>>, log: Logger): Promise<Receiver & Stoppable> {
  const config = readConfig(SETTINGS, { RECEIVER_HTTP_PORT: '0', RECEIVER_SMTP_PORT: '0', ...env })
  const lifecycle = createLifecycle()
  try {
    const receiver = await buildReceiver(config, log, { lifecycle })
    return {
      ...receiver,
      async stop() {
        await lifecycle.stop()
      },
    }
  } catch (thrown) {
    await lifecycle.stop()
    throw thrown
  }
}
