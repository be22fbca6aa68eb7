import type { ServerResponse } from 'node:http'

/**
 * Calls back once an answer has left, or nobody waits for it any more. A response that is queued behind another one of its
 * connection says nothing when the connection breaks off, so its own `close` is not enough.
 */
export function whenOver(response: ServerResponse, tell: () => void): void {
  const { socket } = response.req
  // As many as there are requests in the pipeline of the connection.
  socket.setMaxListeners(0)
  let told = false
  const over = () => {
    if (told) return
    told = true
    response.off('close', over)
    socket.off('close', over)
    tell()
  }
  response.once('close', over)
  socket.once('close', over)
  if (socket.destroyed) over()
}
