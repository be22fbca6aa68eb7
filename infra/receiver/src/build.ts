import { asError, HoldfastError, type Lifecycle, type Logger } from '@holdfast/platform'
import { type Config, requireLoopback } from './config.ts'
import { Faults } from './faults.ts'
import { createApp } from './http.ts'
import { openMessageStore } from './message-store.ts'
import { startSmtp } from './smtp.ts'

export interface Receiver {
  /** Where webhooks (`/webhooks/…`) and Slack posts (`/slack/…`) go and the page is, such as http://127.0.0.1:9480. */
  readonly httpUrl: string
  /** Where e-mail goes, such as smtp://127.0.0.1:9425. */
  readonly smtpUrl: string
  /** NDJSON, a line for each message that ever arrived. */
  readonly file: string
}

/** Puts the receiver together and starts it. */
export async function buildReceiver(
  config: Config,
  log: Logger,
  { lifecycle }: { readonly lifecycle: Lifecycle },
): Promise<Receiver> {
  requireLoopback(config)
  const { RECEIVER_HOST: host } = config
  const store = await lifecycle.start('messages', () =>
    openMessageStore(config.RECEIVER_DIR, config.RECEIVER_KEEP, log),
  )
  const faults = new Faults()
  const smtp = await lifecycle.start('smtp', () =>
    startSmtp({ host, port: config.RECEIVER_SMTP_PORT, store, faults, log }),
  )
  const app = createApp({ store, faults, secrets: config.RECEIVER_WEBHOOK_SECRET })
  try {
    await app.listen({ host, port: config.RECEIVER_HTTP_PORT })
  } catch (cause) {
    throw new HoldfastError({
      code: 'PORT_UNAVAILABLE',
      message: `cannot listen on ${host}:${config.RECEIVER_HTTP_PORT}: ${asError(cause).message}`,
      cause,
      cure: 'free the port or set RECEIVER_HTTP_PORT to another.',
    })
  }
  lifecycle.onStop('http', () => app.close())
  const address = app.server.address()
  const httpPort = typeof address === 'object' && address !== null ? address.port : config.RECEIVER_HTTP_PORT
  const name = host.includes(':') ? `[${host}]` : host
  return { httpUrl: `http://${name}:${httpPort}`, smtpUrl: `smtp://${name}:${smtp.port}`, file: store.file }
}
