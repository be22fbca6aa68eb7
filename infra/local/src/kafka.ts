import { existsSync, readFileSync } from 'node:fs'
import { claimFolder } from './claim.ts'
import { type Daemon, logTail } from './daemon.ts'
import { launchBroker, settingsFile, untilBrokerAnswers } from './kafka-broker.ts'
import { sharedClasses } from './kafka-classes.ts'
import { resolveKafkaJars } from './kafka-jars.ts'
import { findFreePort, isPortFree } from './ports.ts'
import { type Say, sayOnStderr, withProgress } from './progress.ts'

export interface LocalKafka {
  /** `host:port` of the one broker. */
  readonly brokers: string[]
  readonly pid: number
  readonly logFile: string
  /** Orderly; returns when the process is gone, by SIGKILL after `withinMs` (15 s by default). */
  stop(withinMs?: number): Promise<void>
  /** SIGKILL, as a crash would; returns when the process is gone. */
  kill(): Promise<void>
}

export interface LocalKafkaOptions {
  /** Data, settings and log; kept across restarts. */
  readonly dir: string
  /** Default: the port of the last start in `dir` if free, else a free one. */
  readonly port?: number
  /** Heap of the JVM in MiB, 512 by default. */
  readonly heapMb?: number
  /**
   * How long a group that is forming waits for another member before it shares out its partitions, ms. By default 0: a group
   * of one process need not wait.
   */
  readonly membersWithinMs?: number
  readonly say?: Say
}

/**
 * `membersWithinMs` where several processes of a group are started together: whoever came first would else take all there is,
 * and hand half of it over two seconds later.
 */
export const MEMBERS_STARTED_TOGETHER_MS = 500

/**
 * One Apache Kafka broker (KRaft, broker and controller in one JVM) on 127.0.0.1 that answers when this returns.
 * Needs `java` and, the first time, `mvn`. Throws with the end of the broker's log when it does not start.
 */
export const startKafka = async (options: LocalKafkaOptions): Promise<LocalKafka> => {
  const { dir, heapMb = 512, membersWithinMs = 0, say = sayOnStderr } = options
  const claim = await claimFolder(dir)
  const jars = await resolveKafkaJars(say)
  const jvm = await sharedClasses(jars, say)
  return withProgress('starting Kafka', say, async () => {
    if (options.port !== undefined && !(await isPortFree(options.port))) {
      throw new Error(`port ${options.port} on 127.0.0.1 is taken: Kafka in ${dir} needs it free, or another port`)
    }
    const attempts = options.port === undefined ? 3 : 1
    for (let attempt = 1; ; attempt++) {
      const port = options.port ?? (await lastPortIfFree(dir)) ?? (await findFreePort())
      const daemon = await launchBroker({ dir, port, heapMb, jars, jvm, membersWithinMs })
      claim.remember(daemon.pid)
      const failure = await untilBrokerAnswers(daemon, port)
      if (failure === undefined) return localKafka(daemon, port, claim.release)
      await daemon.kill()
      claim.release()
      const portWasTaken = !(await isPortFree(port))
      if (!portWasTaken || attempt === attempts) {
        throw new Error(`Kafka did not start (${failure}); the end of ${daemon.logFile}:\n${logTail(daemon.logFile)}`)
      }
    }
  })
}

const localKafka = (daemon: Daemon, port: number, release: () => void): LocalKafka => ({
  brokers: [`127.0.0.1:${port}`],
  pid: daemon.pid,
  logFile: daemon.logFile,
  stop: (withinMs) => daemon.stop(withinMs).then(release),
  kill: () => daemon.kill().then(release),
})

const lastPortIfFree = async (dir: string): Promise<number | undefined> => {
  if (!existsSync(settingsFile(dir))) return undefined
  const port = Number(/^listeners=PLAINTEXT:\/\/127\.0\.0\.1:(\d+)/m.exec(readFileSync(settingsFile(dir), 'utf8'))?.[1])
  return port > 0 && (await isPortFree(port)) ? port : undefined
}
