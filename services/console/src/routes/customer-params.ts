import { subjectField } from '@holdfast/contracts'
import { Problem } from '@holdfast/platform'
import { z } from 'zod'

export const customerParams = z.object({
  id: subjectField.meta({ description: 'Customer id, percent-encoded, a slash as %2F.', examples: ['cust-42'] }),
})

export function unknownCustomer(id: string): Problem {
  return new Problem({
    status: 404,
    kind: 'unknown-customer',
    title: 'Unknown customer',
    detail: `nothing is known of customer ${JSON.stringify(id)}; events of the last moments may not have been read yet.`,
  })
}

export function erasedCustomer(): Problem {
  return new Problem({
    status: 410,
    kind: 'erased-customer',
    title: 'Erased customer',
    detail: 'this customer was erased, for good: nothing is kept and nothing can be done.',
  })
}
