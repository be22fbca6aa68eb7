import type { OpenModel } from '@holdfast/champion'
import type { RISK_WORKER_METRICS } from '@holdfast/contracts'
import { bandAt } from '@holdfast/core'
import { asError, type Collectors, type Logger } from '@holdfast/platform'
import type { Shadow } from './lane/look.ts'

type Metrics = Pick<
  Collectors<typeof RISK_WORKER_METRICS>,
  'challengerRows' | 'challengerDifference' | 'challengerPairs' | 'challengerFailures'
>

/**
 * Lets the challenger score the rows that the champion has scored, and counts how they differ. It decides nothing, and its
 * failures cost nobody anything.
 * @param challenger the one to compare with now, if any
 */
export function createShadow(challenger: () => OpenModel | undefined, metrics: Metrics, log: Logger): Shadow {
  /** Logits of the customer scored last, for the order of pairs: live, most looks are at one customer. */
  let last: { readonly digest: string; readonly champion: number; readonly challenger: number } | undefined

  return (batch) => {
    const rival = challenger()
    if (rival === undefined) return
    try {
      compare(rival, batch)
    } catch (thrown) {
      metrics.challengerFailures.inc({ version: rival.manifest.version })
      log.warn({ err: asError(thrown), model: rival.manifest.version }, 'the challenger failed on a batch')
    }
  }

  function compare(
    rival: OpenModel,
    { rows, customers, looked, logits, probabilities, at }: Parameters<Shadow>[0],
  ): void {
    const { version } = rival.manifest
    const theirs = rival.scorer.predict(rows, customers.length)
    let difference = 0
    const pairs = { same: 0, other: 0 }
    for (let i = 0; i < customers.length; i++) {
      const band = looked[i]!.evaluation.decided.band
      // Without any purchase there is no risk to disagree on.
      if (band === 'prospect') continue
      const before = customers[i]![1]
      const theirBand = bandAt(before, at, theirs.logits[i]!, before.decided?.band, rival.riskModel)
      metrics.challengerRows.inc({ version, band, challenger_band: theirBand })
      difference += Math.abs(probabilities[i]! - theirs.probabilities[i]!)
      const here = { digest: rival.digest, champion: logits[i]!, challenger: theirs.logits[i]! }
      if (last?.digest === rival.digest) {
        const agree = Math.sign(here.champion - last.champion) === Math.sign(here.challenger - last.challenger)
        pairs[agree ? 'same' : 'other']++
      }
      last = here
    }
    metrics.challengerDifference.inc({ version }, difference)
    for (const order of ['same', 'other'] as const)
      if (pairs[order] > 0) metrics.challengerPairs.inc({ version, order }, pairs[order])
  }
}
