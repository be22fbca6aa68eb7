import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { claimFolder } from './claim.ts'
import { type Daemon, logTail, startDaemon } from './daemon.ts'
import { resolveKafkaJars } from './kafka-jars.ts'
import { answersAsKafka } from './kafka-probe.ts'
import { findFreePort, isPortFree } from './ports.ts'
import { type Say, sayOnStderr, withProgress } from './progress.ts'
import { lastLines, runCommand } from './run-command.ts'
import { waitFor } from './wait.ts'

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
  readonly say?: Say
}

const startWithinMs = 90_000

/**
 * One Apache Kafka broker (KRaft, broker and controller in one JVM) on 127.0.0.1 that answers when this returns.
 * Needs `java` and, the first time, `mvn`. Throws with the end of the broker's log when it does not start.
 */
export const startKafka = async (options: LocalKafkaOptions): Promise<LocalKafka> => {
  const { dir, heapMb = 512, say = sayOnStderr } = options
  const claim = await claimFolder(dir)
  const jars = await resolveKafkaJars(say)
  return withProgress('starting Kafka', say, async () => {
    if (options.port !== undefined && !(await isPortFree(options.port))) {
      throw new Error(`port ${options.port} on 127.0.0.1 is taken: Kafka in ${dir} needs it free, or another port`)
    }
    const attempts = options.port === undefined ? 3 : 1
    for (let attempt = 1; ; attempt++) {
      const port = options.port ?? (await lastPortIfFree(dir)) ?? (await findFreePort())
      const daemon = await launch({ dir, port, heapMb, jars })
      claim.remember(daemon.pid)
      const ready = await waitFor(
        async () => (daemon.hasEnded() ? 'ended' : (await answersAsKafka(port)) ? 'answers' : undefined),
        startWithinMs,
      )
      if (ready === 'answers' && !daemon.hasEnded()) return localKafka(daemon, port, claim.release)
      await daemon.kill()
      claim.release()
      const portWasTaken = !(await isPortFree(port))
      if (!portWasTaken || attempt === attempts) {
        const why = ready === 'ended' ? await daemon.ended : `no answer within ${startWithinMs / 1_000} s`
        throw new Error(`Kafka did not start (${why}); the end of ${daemon.logFile}:\n${logTail(daemon.logFile)}`)
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

const settingsFile = (dir: string) => join(dir, 'server.properties')

const lastPortIfFree = async (dir: string): Promise<number | undefined> => {
  if (!existsSync(settingsFile(dir))) return undefined
  const port = Number(/^listeners=PLAINTEXT:\/\/127\.0\.0\.1:(\d+)/m.exec(readFileSync(settingsFile(dir), 'utf8'))?.[1])
  return port > 0 && (await isPortFree(port)) ? port : undefined
}

const launch = async (options: { dir: string; port: number; heapMb: number; jars: string }): Promise<Daemon> => {
  const { dir, port, heapMb, jars } = options
  const data = join(dir, 'data')
  mkdirSync(data, { recursive: true })
  const controllerPort = await findFreePort()
  writeFileSync(settingsFile(dir), brokerSettings({ data, port, controllerPort }))
  const logFile = join(dir, 'kafka.log')
  const java = (heap: number) => [
    `-Xmx${heap}m`,
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
    '-Dorg.slf4j.simpleLogger.showDateTime=true',
    '-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS',
    '-classpath',
    join(jars, '*'),
  ]
  if (!existsSync(join(data, 'meta.properties'))) {
    const clusterId = randomBytes(16).toString('base64url').replace(/^-/, 'A')
    const { code, output } = await runCommand('java', [
      ...java(128),
      'kafka.tools.StorageTool',
      'format',
      '--ignore-formatted',
      `--cluster-id=${clusterId}`,
      `--config=${settingsFile(dir)}`,
    ])
    if (code !== 0) throw new Error(`Kafka could not format ${data}:\n${lastLines(output)}`)
  }
  return startDaemon({
    name: 'kafka',
    command: 'java',
    args: [...java(heapMb), 'kafka.Kafka', settingsFile(dir)],
    logFile,
  })
}

const brokerSettings = ({ data, port, controllerPort }: { data: string; port: number; controllerPort: number }) => `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=${data}

# Topics are created on purpose, and an event log has no time limit.
auto.create.topics.enable=false
num.partitions=4
log.retention.ms=-1
# Dead letters are larger than the largest input, which is 1 MiB.
message.max.bytes=4194304

# One broker holds every copy.
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1

# A group of one process need not wait for others; tests freeze members past short sessions.
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
# How long a killed broker's registration bars its successor.
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=5000

# A small heap: the log cleaner alone would reserve 128 MiB.
log.cleaner.dedupe.buffer.size=8388608
num.network.threads=2
num.io.threads=4
`
