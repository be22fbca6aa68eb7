import type { Admin, Kafka } from 'kafkajs'
import { asError, HoldfastError } from '../errors.ts'
import type { Stoppable } from '../lifecycle.ts'

export interface AdminConnection extends Stoppable {
  readonly admin: Admin
}

/** @throws HoldfastError, as `kafkaTrouble` makes it */
export async function connectAdmin(kafka: Kafka): Promise<AdminConnection> {
  const admin = kafka.admin()
  await withKafkaTrouble(() => admin.connect())
  return { admin, stop: () => admin.disconnect() }
}

/** Runs what talks to Kafka, and words its failure for a person. */
export async function withKafkaTrouble<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (thrown) {
    throw kafkaTrouble(asError(thrown))
  }
}

/** The coded error for what kafkajs throws when it cannot connect or finds no topic; anything else stays as it is. */
export function kafkaTrouble(error: Error): Error {
  if (error instanceof HoldfastError) return error
  const text = `${error.message} ${'type' in error ? String(error.type) : ''}`
  const trouble = TROUBLES.find(({ pattern }) => pattern.test(text))
  if (trouble === undefined) return error
  const { code, message, cure, canRetry } = trouble
  return new HoldfastError({ code, message, cure, canRetry, cause: error })
}

/** The first that matches counts. */
const TROUBLES = [
  {
    pattern: /certificate|\bTLS\b|\bSSL\b|altnames/i,
    code: 'KAFKA_TLS_REFUSED',
    message: 'the TLS connection to Kafka was not made',
    cure: 'point KAFKA_TLS_CA at the PEM file of the authority that signed the brokers, and name brokers as in their certificates.',
    canRetry: false,
  },
  {
    pattern: /SASL|authenticat|credentials/i,
    code: 'KAFKA_LOGIN_REFUSED',
    message: 'Kafka does not let us in',
    cure: 'check KAFKA_SASL_MECHANISM, KAFKA_SASL_USER and KAFKA_SASL_PASSWORD.',
    canRetry: false,
  },
  {
    pattern: /UNKNOWN_TOPIC_OR_PARTITION|does not host this topic/,
    code: 'KAFKA_TOPIC_MISSING',
    message: 'Kafka does not have a topic that we need',
    cure: 'create it, or start with a user who may create topics.',
    canRetry: true,
  },
  {
    pattern: /AUTHORIZATION_FAILED|not authorized/i,
    code: 'KAFKA_FORBIDDEN',
    message: 'Kafka does not allow this to our user',
    cure: 'give the user read and write on the topics, read on the group, and describe.',
    canRetry: false,
  },
  {
    pattern: /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ECONNRESET|EHOSTUNREACH|ETIMEDOUT|[Cc]onnection|timed? ?out|seed broker/,
    code: 'KAFKA_UNREACHABLE',
    message: 'no Kafka broker answers',
    cure: 'start it, or set KAFKA_BROKERS; a broker that wants TLS needs KAFKA_TLS=true.',
    canRetry: true,
  },
] as const
