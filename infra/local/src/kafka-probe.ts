import { connect } from 'node:net'

/**
 * Asks a broker for its cluster's live brokers (Metadata request, version 1, no topics: Kafka protocol guide,
 * "Messages > Metadata"). `true` once it lists one: a broker that still starts answers nothing, or no broker.
 */
export const answersAsKafka = (port: number, withinMs = 1_000): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    let received = Buffer.alloc(0)
    const finish = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(withinMs, () => finish(false))
    socket.once('error', () => finish(false))
    socket.once('close', () => finish(false))
    socket.once('connect', () => socket.write(metadataRequest()))
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      // Response: size int32, correlation id int32, number of brokers int32.
      if (received.length >= 12) finish(received.readInt32BE(4) === correlationId && received.readInt32BE(8) > 0)
    })
  })

const metadataKey = 3
const metadataVersion = 1
const correlationId = 7

const metadataRequest = (): Buffer => {
  const request = Buffer.alloc(18)
  request.writeInt32BE(14, 0)
  request.writeInt16BE(metadataKey, 4)
  request.writeInt16BE(metadataVersion, 6)
  request.writeInt32BE(correlationId, 8)
  request.writeInt16BE(-1, 12) // no client id
  request.writeInt32BE(0, 14) // no topics
  return request
}
