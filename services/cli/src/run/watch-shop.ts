import type { Say } from '@holdfast/local'
import { HoldfastError } from '@holdfast/platform'
import { z } from 'zod'
import { barLine } from '../output/progress-bar.ts'
import { plural } from '../output/text.ts'

const answerSchema = z.object({
  ok: z.boolean(),
  detail: z.object({ sent: z.number(), share: z.number(), live: z.boolean() }),
})

const ASK_EVERY_MS = 250
const SAY_EVERY_MS = 2_000
/** A feeder that does not get on for so long is stuck; while it crashes it is started again. */
const STUCK_MS = 120_000

/** Waits until the shop has told its history, saying how far it is. @throws HoldfastError SHOP_STUCK */
export async function watchShop(url: string, say: Say, signal: AbortSignal): Promise<void> {
  const startedAt = performance.now()
  let saidAt = startedAt
  let sent = -1
  let movedAt = startedAt
  for (;;) {
    signal.throwIfAborted()
    const progress = await ask(url)
    const now = performance.now()
    if (progress?.live) {
      if (progress.sent > 0) say(`the shop has told its history: ${plural(progress.sent, 'event')} sent`)
      return
    }
    if (progress !== undefined && progress.sent !== sent) {
      sent = progress.sent
      movedAt = now
    }
    if (now - movedAt > STUCK_MS) {
      throw new HoldfastError({
        code: 'SHOP_STUCK',
        message: `the generated shop has not got on for ${STUCK_MS / 1_000} s`,
        cure: 'see shop.log in the logs of the run ("npx holdfast status --json" has the path); "up --no-shop" goes without it.',
      })
    }
    if (progress !== undefined && now - saidAt > SAY_EVERY_MS) {
      saidAt = now
      say(barLine('telling the history of the shop', progress.share, progress.sent, now - startedAt))
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS))
  }
}

async function ask(url: string) {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) })
    return answerSchema.parse(await response.json()).detail
  } catch {
    return undefined
  }
}
