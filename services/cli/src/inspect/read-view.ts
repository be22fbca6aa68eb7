import { type CustomerView, customerView } from '@holdfast/contracts'
import { HoldfastError, modelStore, readCustomer, shardOf } from '@holdfast/platform'
import type { Installation } from '../installation.ts'
import { readChampion } from './champion.ts'

/**
 * Everything that is known of a customer, personal fields left out; scored in plain arithmetic.
 * @param at of the features and of the score, ms
 * @throws HoldfastError CUSTOMER_UNKNOWN
 */
export async function readView(on: Installation, id: string, at: number): Promise<CustomerView> {
  const shard = await on.shard(shardOf(id, await on.partitionCount()))
  const customer = await readCustomer(shard, id)
  if (customer === undefined) {
    throw new HoldfastError({
      code: 'CUSTOMER_UNKNOWN',
      message: `nothing is known of customer ${JSON.stringify(id)} (shard ${shard.partition})`,
      cure: 'check the id; "npx holdfast status" shows whether events still wait to be read, "npx holdfast dlq list" whether they were refused.',
    })
  }
  const store = modelStore(await on.redis(), on.config.KEY_PREFIX)
  return customerView(customer, at, { currency: on.config.BASE_CURRENCY, model: await readChampion(on.config, store) })
}
