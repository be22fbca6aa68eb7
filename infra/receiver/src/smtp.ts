import { asError, HoldfastError, type Logger, type Stoppable } from '@holdfast/platform'
import PostalMime from 'postal-mime'
import { SMTPServer } from 'smtp-server'
import type { Faults } from './faults.ts'
import type { MessageStore } from './message-store.ts'

export interface SmtpOptions {
  readonly host: string
  readonly port: number
  readonly store: MessageStore
  readonly faults: Faults
  readonly log: Logger
}

/** Of a mail, bytes. */
const MAIL_LIMIT = 1_048_576

export interface SmtpReceiver extends Stoppable {
  readonly port: number
}

/** The receiver's SMTP side: takes every mail, for whomever. @throws HoldfastError PORT_UNAVAILABLE */
export async function startSmtp({ host, port, store, faults, log }: SmtpOptions): Promise<SmtpReceiver> {
  const server = new SMTPServer({
    name: 'holdfast-receiver',
    disabledCommands: ['AUTH', 'STARTTLS'],
    size: MAIL_LIMIT,
    logger: false,
    closeTimeout: 1_000,
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      let bytes = 0
      stream.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        // What is too large is read to its end, for the sender listens only then, and kept by nobody.
        if (bytes <= MAIL_LIMIT) chunks.push(chunk)
      })
      stream.on('error', (error: Error) => done(error))
      stream.on('end', () => {
        if (bytes > MAIL_LIMIT) return done(refusal(552, 'too large'))
        const to = session.envelope.rcptTo.map(({ address }) => address).join(', ')
        receive(Buffer.concat(chunks), to).then(
          (answer) => answer !== 'hang' && done(answer),
          (thrown: unknown) => done(refusal(451, asError(thrown).message)),
        )
      })
    },
  })

  /** What the sender hears: null for yes. */
  async function receive(raw: Buffer, to: string): Promise<Error | null | 'hang'> {
    const mail = await PostalMime.parse(raw)
    const fault = faults.take('smtp')
    const headers = Object.fromEntries(mail.headers.map(({ key, value }) => [key, value]))
    const key = headers['x-holdfast-episode'] ?? mail.messageId
    await store.add({
      kind: 'email',
      outcome: fault === undefined || fault.kind === 'take-and-close' ? 'taken' : 'fault',
      to,
      ...(key !== undefined && { idempotencyKey: key }),
      headers,
      ...(mail.subject !== undefined && { subject: mail.subject }),
      ...(mail.from?.address !== undefined && { from: mail.from.address }),
      ...(mail.text !== undefined && { text: mail.text }),
      ...(mail.html !== undefined && { html: mail.html }),
    })
    if (fault === undefined) return null
    if (fault.kind === 'hang') return 'hang'
    return refusal(fault.kind === 'status' ? fault.status : 421, 'as it was asked for')
  }

  server.on('error', (err) => log.debug({ err }, 'smtp'))
  await new Promise<void>((resolve, reject) => {
    const refuse = (cause: Error) =>
      reject(
        new HoldfastError({
          code: 'PORT_UNAVAILABLE',
          message: `cannot listen on ${host}:${port} for e-mail`,
          cause,
          cure: 'free the port or configure another.',
        }),
      )
    server.once('error', refuse)
    server.listen(port, host, () => {
      server.off('error', refuse)
      resolve()
    })
  })
  const address = server.server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

function refusal(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode })
}
