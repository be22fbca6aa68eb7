import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Daemon, findFreePort, startDaemon } from '@holdfast/local'
import { resolveKafkaJars } from '../../../infra/local/src/kafka-jars.ts'

export const USER = 'holdfast'
export const PASSWORD = 'correct horse'

export interface SecuredBroker {
  /** TLS and SASL. */
  readonly address: string
  /** PEM of the authority that the broker's certificate is from: its own. */
  readonly caPath: string
  stop(): Promise<void>
}

/** A broker that takes clients only over TLS and with a password: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512. */
export async function startSecuredBroker(): Promise<SecuredBroker> {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-secured-'))
  const jars = await resolveKafkaJars()
  const [port, internalPort, controllerPort] = [await findFreePort(), await findFreePort(), await findFreePort()]
  const caPath = makeCertificate(dir)
  const settings = join(dir, 'server.properties')
  writeFileSync(settings, brokerSettings({ dir, port, internalPort, controllerPort }))
  const java = ['-Xmx384m', '-classpath', join(jars, '*')]
  const clusterId = `A${randomBytes(16).toString('base64url').slice(1)}`
  const scram = (mechanism: string) => ['--add-scram', `${mechanism}=[name=${USER},password=${PASSWORD}]`]
  const format = ['kafka.tools.StorageTool', 'format', `--cluster-id=${clusterId}`, `--config=${settings}`]
  execFileSync('java', [...java, ...format, ...scram('SCRAM-SHA-256'), ...scram('SCRAM-SHA-512')], { stdio: 'ignore' })
  const daemon: Daemon = await startDaemon({
    name: 'secured kafka',
    command: 'java',
    args: [...java, 'kafka.Kafka', settings],
    logFile: join(dir, 'kafka.log'),
  })
  return {
    address: `127.0.0.1:${port}`,
    caPath,
    async stop() {
      await daemon.stop()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

function makeCertificate(dir: string): string {
  const store = ['-alias', 'broker', '-keystore', join(dir, 'broker.p12'), '-storepass', 'changeit']
  const names = ['-dname', 'CN=localhost', '-ext', 'san=ip:127.0.0.1', '-ext', 'bc:c']
  const key = ['-keyalg', 'RSA', '-keysize', '2048', '-validity', '2', '-storetype', 'PKCS12']
  execFileSync('keytool', ['-genkeypair', ...store, ...names, ...key], { stdio: 'ignore' })
  const caPath = join(dir, 'ca.pem')
  execFileSync('keytool', ['-exportcert', '-rfc', ...store, '-file', caPath], { stdio: 'ignore' })
  return caPath
}

interface Ports {
  readonly dir: string
  readonly port: number
  readonly internalPort: number
  readonly controllerPort: number
}

const brokerSettings = ({ dir, port, internalPort, controllerPort }: Ports) => `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
controller.listener.names=CONTROLLER
inter.broker.listener.name=INTERNAL
listeners=SECURED://127.0.0.1:${port},INTERNAL://127.0.0.1:${internalPort},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=SECURED://127.0.0.1:${port},INTERNAL://127.0.0.1:${internalPort}
listener.security.protocol.map=SECURED:SASL_SSL,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.secured.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_${USER}="${PASSWORD}";
listener.name.secured.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.secured.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.location=${join(dir, 'broker.p12')}
ssl.keystore.password=changeit
ssl.keystore.type=PKCS12
log.dirs=${join(dir, 'data')}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
`
