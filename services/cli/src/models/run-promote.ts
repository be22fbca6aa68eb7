import { HoldfastError } from '@holdfast/platform'
import type { GateReport } from '@holdfast/trainer'
import { note, print, printJson } from '../output/text.ts'
import { gateText } from './print.ts'
import { asChampion, type GateOptions, judge, openChampionOf, turn } from './promote.ts'
import { closeProposal } from './read-retraining.ts'
import { withRegistry } from './registry.ts'

export interface PromoteRequest extends GateOptions {
  readonly asChallenger?: true
  readonly force?: true
  readonly json?: true
}

const SKIPPED = [
  'that it is measured on customers that it has not learned from',
  'that it is not worse than the champion',
  'that it is calibrated',
]

/** @throws HoldfastError PROMOTION_REFUSED, MODELS_MOVED; ScorerError for a model that cannot score here, whatever is forced */
export async function promote(version: string, { asChallenger, force, json, ...gate }: PromoteRequest): Promise<void> {
  await withRegistry(async (registry) => {
    const model = await registry.open(version)
    const { pointers } = registry
    const [before] = pointers.champions
    const said = (role: 'champion' | 'challenger', report?: GateReport) => {
      const { manifest, digest } = model
      if (json)
        return printJson({
          role,
          version: manifest.version,
          digest,
          before: before?.version ?? null,
          ...(report && { report }),
        })
      if (report !== undefined) print(gateText(report))
      const place =
        role === 'challenger' ? 'scores in shadow now' : `scores now${before ? `, after ${before.version}` : ''}`
      print(`${manifest.version} ${place}`)
      note(
        'risk-workers follow within seconds; customers keep their appointments and are looked at anew little by little',
      )
    }
    if (asChallenger) {
      const challenger = { version: model.manifest.version, digest: model.digest, at: new Date().toISOString() }
      await turn(registry, { champions: pointers.champions, challenger }, model)
      return said('challenger')
    }
    let report: GateReport | undefined
    if (force) {
      for (const what of SKIPPED) note(`SKIPPED (--force): it is not checked ${what}`)
    } else {
      report = await judge(model, await openChampionOf(registry), gate)
      if (!report.passed) {
        if (json) printJson({ role: null, version: model.manifest.version, report })
        else print(gateText(report))
        throw refused(report)
      }
    }
    // The champion again: its bytes are written anew, which mends damaged ones, and nothing is to be gone back to.
    const again = before?.digest === model.digest
    await turn(registry, again ? pointers : asChampion(model, registry, force === true), model)
    await closeProposal(registry, model.digest)
    said('champion', report)
  })
}

function refused({ candidate, checks }: GateReport): HoldfastError {
  const failed = checks.filter(({ passed }) => !passed).map(({ name, says }) => `${name}: ${says}`)
  return new HoldfastError({
    code: 'PROMOTION_REFUSED',
    message: `${candidate} is not promoted, because of ${failed.join('; and ')}`,
    cure: 'train a better one, measure it elsewhere (--at, --population), or let it score in shadow first (--as-challenger); --force promotes it all the same.',
  })
}

export interface RolledBack {
  /** What scores now, and what scored before. */
  readonly champion: string | null
  readonly before: string | null
}

/** @throws HoldfastError NO_EARLIER_MODEL, STORED_MODEL_…, MODELS_MOVED; ScorerError for one that cannot score here any more */
export async function rollback(ofChallenger: boolean): Promise<RolledBack> {
  return withRegistry(async (registry) => {
    const { champions, challenger } = registry.pointers
    const [before, earlier] = champions
    if (ofChallenger) {
      if (challenger === undefined) throw nothingBefore('there is no challenger', 'see "npx holdfast models list".')
      await turn(registry, { champions })
      return { champion: before?.version ?? null, before: before?.version ?? null }
    }
    if (earlier === undefined) {
      throw nothingBefore(
        before === undefined ? 'no model was promoted yet' : `${before.version} is the only champion there was`,
        'promote another: npx holdfast models promote.',
      )
    }
    // It must be able to score before anybody is told to use it.
    await registry.openPointer(earlier)
    await turn(registry, { champions: champions.slice(1), ...(challenger && { challenger }) })
    return { champion: earlier.version, before: before?.version ?? null }
  })
}

function nothingBefore(message: string, cure: string): HoldfastError {
  return new HoldfastError({ code: 'NO_EARLIER_MODEL', message, cure })
}
