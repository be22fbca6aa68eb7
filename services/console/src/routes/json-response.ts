import type { z } from 'zod'

/** For a route's `schema.response`: a JSON body, said of what; its schema stays a reference in the document. */
export function jsonResponse<S extends z.ZodType>(description: string, schema: S) {
  return { description, content: { 'application/json': { schema } } }
}
