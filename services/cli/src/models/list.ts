import { join } from 'node:path'
import { type Manifest, parseManifest } from '@holdfast/contracts'
import { asError, type ModelPointer } from '@holdfast/platform'
import { pointedTo, type Registry, type Role, rolesOf } from './registry.ts'

export interface ListedModel {
  readonly version: string
  readonly roles: readonly Role[]
  readonly where: readonly ('folder' | 'redis')[]
  /** First twelve digits of the SHA-256 of its bytes; null where it cannot be read. */
  readonly digest: string | null
  readonly promotedAt: string | null
  readonly createdAt: string | null
  readonly learnedFrom: Manifest['learnedFrom'] | null
  readonly horizonDays: number | null
  readonly auc: number | null
  readonly logLoss: number | null
  /** Why it cannot be used; null where it can. */
  readonly problem: string | null
}

/** Every version of the folders, oldest first, and what Redis alone holds. */
export async function listModels(registry: Registry): Promise<readonly ListedModel[]> {
  const { listVersions } = await import('@holdfast/scorer')
  const { openFolder } = await import('@holdfast/champion')
  const { folders, pointers } = registry
  const listed: ListedModel[] = []
  const inFolder = new Set<string>()
  for (const folder of folders) {
    for (const version of await listVersions(folder)) {
      try {
        const { digest, manifest, scorer } = await openFolder(await registry.backend(), join(folder, version))
        scorer.dispose()
        if (inFolder.has(digest)) continue
        inFolder.add(digest)
        const pointer = pointedTo(pointers).find((each) => each.digest === digest)
        const where = ['folder', ...(pointer ? (['redis'] as const) : [])] as const
        listed.push(row(version, manifest, where, registry, digest, pointer))
      } catch (thrown) {
        const isCopy = listed.some((each) => each.version === version && each.problem !== null)
        if (!isCopy) listed.push({ ...unknown(version, asError(thrown).message), where: ['folder'] })
      }
    }
  }
  const seen = new Set<string>(inFolder)
  for (const pointer of pointedTo(pointers)) {
    if (seen.has(pointer.digest)) continue
    seen.add(pointer.digest)
    try {
      const manifest = parseManifest((await registry.store.read(pointer)).manifest)
      listed.push(row(pointer.version, manifest, ['redis'], registry, pointer.digest, pointer))
    } catch (thrown) {
      const roles = rolesOf(pointers, pointer.digest)
      listed.push({
        ...unknown(pointer.version, asError(thrown).message),
        where: ['redis'],
        roles,
        promotedAt: pointer.at,
      })
    }
  }
  return listed
}

function row(
  version: string,
  { createdAt, learnedFrom, horizonDays, metrics }: Manifest,
  where: ListedModel['where'],
  { pointers }: Registry,
  digest: string,
  pointer: ModelPointer | undefined,
): ListedModel {
  const { auc, logLoss } = metrics
  return {
    version,
    roles: rolesOf(pointers, digest),
    where,
    digest: digest.slice(0, 12),
    promotedAt: pointer?.at ?? null,
    ...{ createdAt, learnedFrom, horizonDays, auc, logLoss },
    problem: null,
  }
}

function unknown(version: string, problem: string): Omit<ListedModel, 'where'> {
  const nothing = { digest: null, promotedAt: null, createdAt: null, learnedFrom: null, horizonDays: null }
  return { version, roles: [], ...nothing, auc: null, logLoss: null, problem }
}
