import { connectRedis, inputTopicsOf, logBounds, openClock, topicsOf, withKafkaTrouble } from '@holdfast/platform'
import { watchModel } from '../watch/index.ts'
import type { Answer } from './child-messages.ts'
import type { Tools } from './tools.ts'

/** Looks at how the champion does. @throws what Kafka and Redis throw */
export async function obeyWatch({ config, log, admin, backend }: Tools): Promise<Answer> {
  const inputs = Object.values(inputTopicsOf(topicsOf(config)))
  const { client } = await connectRedis(config.REDIS_URL, { log, name: 'holdfast-watch' })
  const watched = await withKafkaTrouble(async () =>
    watchModel({
      ...{ client, log, backend },
      prefix: config.KEY_PREFIX,
      clock: await openClock(client, config.KEY_PREFIX),
      logEnds: () => logBounds(admin, inputs),
    }),
  )
  return { kind: 'watched', watched }
}
