import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { join } from 'node:path'
import { claimFolder } from './claim.ts'
import { type Daemon, logTail, startDaemon } from './daemon.ts'
import { findFreePort, isPortFree } from './ports.ts'
import { type Say, sayOnStderr, withProgress } from './progress.ts'
import { answersAsRedis } from './redis-probe.ts'
import { waitFor } from './wait.ts'

export interface LocalRedis {
  /** `redis://host:port` */
  readonly url: string
  readonly pid: number
  readonly logFile: string
  /** Orderly, with the append-only file written out; returns when the process is gone, by SIGKILL after `withinMs` (15 s by default). */
  stop(withinMs?: number): Promise<void>
  /** SIGKILL, as a crash would; returns when the process is gone. */
  kill(): Promise<void>
}

export interface LocalRedisOptions {
  /** Append-only file, settings and log; kept across restarts. */
  readonly dir: string
  /** Default: the port of the last start in `dir` if free, else a free one. */
  readonly port?: number
  readonly say?: Say
}

const startWithinMs = 60_000

/**
 * One redis-server on 127.0.0.1, append-only file on, nothing evicted, that serves commands when this returns.
 * Throws with the end of its log when it does not start.
 */
export const startRedis = async (options: LocalRedisOptions): Promise<LocalRedis> => {
  const { daemon, port, release } = await startRedisServer(options, () => [])
  return {
    url: `redis://127.0.0.1:${port}`,
    pid: daemon.pid,
    logFile: daemon.logFile,
    stop: (withinMs) => daemon.stop(withinMs).then(release),
    kill: () => daemon.kill().then(release),
  }
}

/** A server with further settings (a function of its port), for `startRedis` and for the nodes of a cluster. */
export const startRedisServer = async (
  options: LocalRedisOptions,
  moreArgs: (port: number) => Promise<string[]> | string[],
): Promise<{ daemon: Daemon; port: number; release: () => void }> => {
  const { dir, say = sayOnStderr } = options
  const claim = await claimFolder(dir)
  return withProgress('starting Redis', say, async () => {
    if (options.port !== undefined && !(await isPortFree(options.port))) {
      throw new Error(`port ${options.port} on 127.0.0.1 is taken: Redis in ${dir} needs it free, or another port`)
    }
    const attempts = options.port === undefined ? 3 : 1
    for (let attempt = 1; ; attempt++) {
      const port = options.port ?? (await lastPortIfFree(dir)) ?? (await findFreePort())
      writeFileSync(portFile(dir), String(port))
      const daemon = await startDaemon({
        name: 'redis',
        command: 'redis-server',
        args: [...settings(dir, port), ...(await moreArgs(port))],
        logFile: join(dir, 'redis.log'),
        cwd: dir,
      })
      claim.remember(daemon.pid)
      const ready = await waitFor(
        async () => (daemon.hasEnded() ? 'ended' : (await answersAsRedis(port)) ? 'answers' : undefined),
        startWithinMs,
        10,
      )
      // Whoever took the port in between may answer as well: what counts is that ours is alive.
      if (ready === 'answers' && !daemon.hasEnded()) {
        letRewritesYield(daemon)
        return { daemon, port, release: claim.release }
      }
      await daemon.kill()
      claim.release()
      const portWasTaken = !(await isPortFree(port))
      if (!portWasTaken || attempt === attempts) {
        const why = ready === 'ended' ? await daemon.ended : `no answer within ${startWithinMs / 1_000} s`
        throw new Error(`Redis did not start (${why}); the end of ${daemon.logFile}:\n${logTail(daemon.logFile)}`)
      }
    }
  })
}

const portFile = (dir: string) => join(dir, 'port')

const lastPortIfFree = async (dir: string): Promise<number | undefined> => {
  if (!existsSync(portFile(dir))) return undefined
  const port = Number(readFileSync(portFile(dir), 'utf8'))
  return port > 0 && (await isPortFree(port)) ? port : undefined
}

const lookForRewritesMs = 50

/**
 * The child that rewrites the append-only file yields to the others: at their priority it takes a core for most of a second, and
 * a busy pipeline is late for several. Not to the lowest, at which a machine that is always busy would not let it end. On Linux.
 */
const letRewritesYield = (daemon: Daemon): void => {
  const children = `/proc/${daemon.pid}/task/${daemon.pid}/children`
  if (!existsSync(children)) return
  const timer = setInterval(() => {
    try {
      for (const pid of readFileSync(children, 'utf8').split(' ').filter(Boolean)) {
        setPriority(Number(pid), constants.priority.PRIORITY_BELOW_NORMAL)
      }
    } catch {
      // It ended just now.
    }
  }, lookForRewritesMs).unref()
  void daemon.ended.then(() => clearInterval(timer))
}

const settings = (dir: string, port: number): string[] => [
  ...['--port', String(port)],
  ...['--bind', '127.0.0.1'],
  ...['--dir', dir],
  ...['--appendonly', 'yes'],
  ...['--appendfsync', 'everysec'],
  // A busy pipeline doubles a small file every ten seconds; this much is loaded in four seconds.
  ...['--auto-aof-rewrite-min-size', '512mb'],
  ...['--rdbcompression', 'no'], // half of a rewrite's time, for a sixth more bytes
  ...['--maxmemory-policy', 'noeviction'],
  ...['--save', ''], // the append-only file is the copy that counts
  ...['--daemonize', 'no'],
]
