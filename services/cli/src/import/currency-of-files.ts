import { fileLines } from '@holdfast/trainer'
import { z } from 'zod'

/** Lines looked at: a log of purchases names its currency early. */
const MOST_LINES = 10_000

const pricedSchema = z.object({ data: z.object({ currency: z.string().regex(/^[A-Z]{3}$/) }) })

/** The currency of the first amount in files of events (`.ndjson`, `.ndjson.gz`); undefined where there is none near their beginning. */
export async function currencyOfFiles(files: readonly string[]): Promise<string | undefined> {
  let lines = 0
  for (const file of files) {
    for await (const line of fileLines(file)) {
      if (++lines > MOST_LINES) return undefined
      const priced = pricedSchema.safeParse(parsed(line.toString()))
      if (priced.success) return priced.data.data.currency
    }
  }
  return undefined
}

/** Whatever is no JSON is for those to tell who read the events. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
