import { connect } from 'node:net'

/**
 * One inline command, the answer's text up to the end of its first reply (RESP simple string, error or bulk string);
 * `undefined` when nobody answers within the time. For readiness and cluster set-up only.
 */
export const askRedis = (port: number, command: string, withinMs = 1_000): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    let received = ''
    const finish = (answer: string | undefined) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(withinMs, () => finish(undefined))
    socket.once('error', () => finish(undefined))
    socket.once('close', () => finish(undefined))
    socket.once('connect', () => socket.write(`${command}\r\n`))
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => {
      received += chunk
      const reply = firstReply(received)
      if (reply !== undefined) finish(reply)
    })
  })

const firstReply = (text: string): string | undefined => {
  const end = text.indexOf('\r\n')
  if (end < 0) return undefined
  if (text[0] !== '$') return text.slice(0, end)
  const length = Number(text.slice(1, end))
  const body = text.slice(end + 2)
  return body.length >= length + 2 ? body.slice(0, Math.max(length, 0)) : undefined
}

/** `true` once it serves commands: while it still loads its file it answers `-LOADING`. */
export const answersAsRedis = async (port: number): Promise<boolean> => (await askRedis(port, 'PING')) === '+PONG'
