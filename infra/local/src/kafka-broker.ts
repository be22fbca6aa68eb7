import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Daemon, startDaemon } from './daemon.ts'
import { answersAsKafka } from './kafka-probe.ts'
import { findFreePort } from './ports.ts'
import { lastLines, runCommand } from './run-command.ts'
import { waitFor } from './wait.ts'

export interface BrokerOptions {
  readonly dir: string
  readonly port: number
  readonly heapMb: number
  readonly jars: string
  /** Further options of the JVM that runs the broker. */
  readonly jvm: readonly string[]
  /** See `LocalKafkaOptions`. */
  readonly membersWithinMs: number
}

const startWithinMs = 90_000

export const settingsFile = (dir: string) => join(dir, 'server.properties')

/** Starts the JVM of a broker on a folder that it formats if need be, and does not wait for it. */
export const launchBroker = async (options: BrokerOptions): Promise<Daemon> => {
  const { dir, port, heapMb, jars, jvm, membersWithinMs } = options
  const data = join(dir, 'data')
  mkdirSync(data, { recursive: true })
  const controllerPort = await findFreePort()
  writeFileSync(settingsFile(dir), brokerSettings({ data, port, controllerPort, membersWithinMs }))
  const logFile = join(dir, 'kafka.log')
  const java = (heap: number) => [
    `-Xmx${heap}m`,
    // Its second compiler takes the cores from everybody else for the first minute, more than its code gives back afterwards.
    '-XX:TieredStopAtLevel=1',
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
    args: [...jvm, ...java(heapMb), 'kafka.Kafka', settingsFile(dir)],
    logFile,
  })
}

/** `undefined` once it answers, else why it does not. */
export const untilBrokerAnswers = async (daemon: Daemon, port: number): Promise<string | undefined> => {
  const ready = await waitFor(
    async () => (daemon.hasEnded() ? 'ended' : (await answersAsKafka(port)) ? 'answers' : undefined),
    startWithinMs,
  )
  // Whoever took the port in between may answer as well: what counts is that ours is alive.
  if (daemon.hasEnded()) return daemon.ended
  return ready === 'answers' ? undefined : `no answer within ${startWithinMs / 1_000} s`
}

interface Settings {
  readonly data: string
  readonly port: number
  readonly controllerPort: number
  readonly membersWithinMs: number
}

const brokerSettings = ({ data, port, controllerPort, membersWithinMs }: Settings) => `
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

group.initial.rebalance.delay.ms=${membersWithinMs}
# Tests freeze members past short sessions.
group.min.session.timeout.ms=1000
# How long a killed broker's registration bars its successor.
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=5000

# A small heap: the log cleaner alone would reserve 128 MiB.
log.cleaner.dedupe.buffer.size=8388608
num.network.threads=2
num.io.threads=4
`
