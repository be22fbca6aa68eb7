import { spawn } from 'node:child_process'
import type { Stage } from './stage.ts'

/** Key and value of a record: no tab and no line feed. */
export type Line = readonly [key: string, value: string]

/**
 * Produces with kcat to one topic: librdkafka takes a tenth of the processor time that kafkajs takes for a record, and what
 * makes the load should take little from what bears it.
 */
export interface KcatProducer {
  /** Hands records over; they leave within librdkafka's `linger.ms`, 5 ms. @throws Error when kcat has failed */
  send(lines: readonly Line[]): void
  /** Whether kcat takes no more for now. */
  isFull(): boolean
  /** Resolves when the broker has all of them. @throws Error when it has not */
  end(): Promise<void>
}

export function openKcat({ brokers, own }: Stage, topic: string): KcatProducer {
  const args = ['-P', '-b', brokers.join(','), '-t', topic, '-K', '\t', '-X', 'topic.partitioner=murmur2_random']
  const child = spawn('kcat', args, { stdio: ['pipe', 'ignore', 'pipe'] })
  let said = ''
  let failure: Error | undefined
  child.stderr.on('data', (text) => {
    said = (said + text).slice(-2_000)
  })
  child.stdin.on('error', (error) => {
    failure ??= error
  })
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      failure ??= error
      resolve()
    })
    child.once('exit', (code, signal) => {
      if (code !== 0) failure = new Error(`kcat ended with ${signal ?? `exit code ${code}`}: ${said.trim()}`)
      resolve()
    })
  })
  own(async () => {
    child.kill()
    await ended
  })
  const requireAlive = () => {
    if (failure !== undefined) throw failure
  }
  return {
    send(lines) {
      requireAlive()
      if (lines.length > 0) child.stdin.write(lines.map(([key, value]) => `${key}\t${value}\n`).join(''))
    },
    isFull: () => child.stdin.writableNeedDrain,
    async end() {
      child.stdin.end()
      await ended
      requireAlive()
    },
  }
}
