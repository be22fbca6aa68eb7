import { join } from 'node:path'
import { findFreePort } from './ports.ts'
import { type Say, sayOnStderr, withProgress } from './progress.ts'
import { startRedisServer } from './redis.ts'
import { askRedis } from './redis-probe.ts'
import { waitFor } from './wait.ts'

export interface LocalRedisCluster {
  /** `redis://host:port` of every node. */
  readonly urls: string[]
  readonly pids: number[]
  stop(): Promise<void>
}

const slots = 16_384
const formWithinMs = 30_000

/**
 * A Redis Cluster of masters on 127.0.0.1, from the same redis-server and with the same settings as the single one,
 * all slots served when this returns. `nodes` is at least 3: fewer have no majority. Started again on the same `dir`
 * it is the same cluster.
 */
export const startRedisCluster = async (options: {
  dir: string
  nodes?: number
  say?: Say
}): Promise<LocalRedisCluster> => {
  const { dir, nodes = 3, say = sayOnStderr } = options
  if (nodes < 3) throw new Error(`a Redis Cluster needs 3 nodes or more, not ${nodes}`)
  const started: (Awaited<ReturnType<typeof startRedisServer>> & { busPort: number })[] = []
  const stop = async () => {
    await Promise.all(started.map(({ daemon, release }) => daemon.stop().then(release)))
  }
  try {
    for (let index = 0; index < nodes; index++) {
      // The usual bus port, 10,000 above, may be taken by another checkout.
      let busPort = 0
      const clusterArgs = async () => {
        busPort = await findFreePort()
        return [...clusterSettings, '--cluster-port', String(busPort)]
      }
      const server = await startRedisServer({ dir: join(dir, `node-${index + 1}`), say }, clusterArgs)
      started.push({ ...server, busPort })
    }
    await withProgress('forming the Redis Cluster', say, () => form(started))
  } catch (error) {
    await stop()
    throw error
  }
  return {
    urls: started.map(({ port }) => `redis://127.0.0.1:${port}`),
    pids: started.map(({ daemon }) => daemon.pid),
    stop,
  }
}

const clusterSettings = [
  ...['--cluster-enabled', 'yes'],
  ...['--cluster-config-file', 'nodes.conf'],
  ...['--cluster-node-timeout', '5000'],
]

const form = async (nodes: readonly { port: number; busPort: number }[]): Promise<void> => {
  const ports = nodes.map(({ port }) => port)
  for (const [index, port] of ports.entries()) {
    if (infoField(await ask(port, 'CLUSTER INFO'), 'cluster_slots_assigned') !== '0') continue
    const from = Math.floor((index * slots) / ports.length)
    const to = Math.floor(((index + 1) * slots) / ports.length) - 1
    await ask(port, `CLUSTER ADDSLOTSRANGE ${from} ${to}`)
    await ask(port, `CLUSTER SET-CONFIG-EPOCH ${index + 1}`)
  }
  const [first, ...others] = nodes
  // Also when the cluster exists already: the nodes may have come back on other ports.
  for (const { port, busPort } of others) if (first) await ask(first.port, `CLUSTER MEET 127.0.0.1 ${port} ${busPort}`)
  const allSeeAll = async () => {
    const infos = await Promise.all(ports.map((port) => ask(port, 'CLUSTER INFO')))
    const formed = infos.every(
      (info) =>
        infoField(info, 'cluster_state') === 'ok' &&
        infoField(info, 'cluster_known_nodes') === String(ports.length) &&
        infoField(info, 'cluster_slots_ok') === String(slots),
    )
    return formed || undefined
  }
  if (!(await waitFor(allSeeAll, formWithinMs))) {
    throw new Error(`the Redis Cluster on ports ${ports.join(', ')} did not form within ${formWithinMs / 1_000} s`)
  }
}

const infoField = (info: string, field: string): string | undefined =>
  new RegExp(`^${field}:(.*)$`, 'm').exec(info)?.[1]?.trim()

const ask = async (port: number, command: string): Promise<string> => {
  const reply = await askRedis(port, command)
  if (reply === undefined || reply.startsWith('-')) {
    throw new Error(`Redis on port ${port} answered "${command}" with ${reply ?? 'nothing'}`)
  }
  return reply
}
