import { createServer } from 'node:net'

/**
 * Below the range from which systems draw ports for outgoing connections (32768 on Linux, 49152 elsewhere). A port of
 * that range may be taken by any client while a broker restarts, and a client that retries a dead port of that range
 * can even end up connected to itself.
 */
const lowest = 20_000
const highest = 32_000

export const isPortFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })

/** A port on which nobody listens on 127.0.0.1 now. Somebody may before you do: retry with another when you cannot bind. */
export const findFreePort = async (): Promise<number> => {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest))
    if (await isPortFree(port)) return port
  }
  throw new Error(
    `no free port on 127.0.0.1 between ${lowest} and ${highest} in 200 tries: stop something that listens`,
  )
}

export const findFreePorts = async (count: number): Promise<number[]> => {
  const ports = new Set<number>()
  while (ports.size < count) ports.add(await findFreePort())
  return [...ports]
}
