import { customerView, customerViewSchema } from '@holdfast/contracts'
import { problemResponses, readCustomer } from '@holdfast/platform'
import { parseProfile, profileSchema, profileValues } from '../profile.ts'
import type { Context } from './context.ts'
import { customerParams, erasedCustomer, unknownCustomer } from './customer-params.ts'
import { jsonResponse } from './json-response.ts'

export const CUSTOMER_SCHEMA = customerViewSchema.extend({ profile: profileSchema }).meta({ id: 'Customer' })

export function addCustomerRoute({ app, clock, shards, view }: Context): void {
  app.get(
    '/v1/customers/:id',
    {
      schema: {
        summary: 'Everything that is known of a customer',
        tags: ['customers'],
        params: customerParams,
        response: {
          200: jsonResponse('The customer.', CUSTOMER_SCHEMA),
          ...problemResponses(400, 401, 403, 404, 410, 503),
        },
      },
    },
    async ({ params: { id } }) => {
      const { customer, profile } = await shards.on(shards.of(id), async (shard) => {
        const [customer, [profile]] = await Promise.all([readCustomer(shard, id), shard.profiles([id])])
        return { customer, profile }
      })
      if (customer === undefined) throw unknownCustomer(id)
      if (customer.state.erased) throw erasedCustomer()
      return { ...customerView(customer, clock.now(), view), profile: profileValues(parseProfile(profile)) }
    },
  )
}
