/**
 * A kafkajs consumer that does nothing but count events, or, with `parse`, parse each value as well: what any consumer in
 * Node could reach at best. Run by main.ts as a process of its own.
 */
import kafkajs from 'kafkajs'
import { readOrder, startWatch, tellMeasured } from './measured-process.ts'

const { brokers, topics, events, partitions, fetchBytes, fetchWaitMs, parse } = readOrder()
const kafka = new kafkajs.Kafka({ brokers, clientId: 'bench', logLevel: kafkajs.logLevel.ERROR })
const consumer = kafka.consumer({
  groupId: `bench-counting-${process.pid}`,
  maxBytesPerPartition: fetchBytes,
  maxBytes: 32 * 2 ** 20,
  minBytes: 1,
  maxWaitTimeInMs: fetchWaitMs,
})

let watch = startWatch()
consumer.on(consumer.events.GROUP_JOIN, () => {
  watch = startWatch()
})
await consumer.connect()
await consumer.subscribe({ topics, fromBeginning: true })

let seen = 0
// So that parsing is not thrown away as useless.
let newest = ''
await consumer.run({
  autoCommit: false,
  partitionsConsumedConcurrently: partitions * topics.length,
  async eachBatch({ batch }) {
    if (parse) {
      for (const { value } of batch.messages) newest = JSON.parse(String(value)).time
    }
    seen += batch.messages.length
    if (seen < events) return
    const measurement = watch(seen)
    if (parse && newest === '') throw new Error('nothing was parsed')
    tellMeasured(measurement)
  },
})
