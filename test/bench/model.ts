import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parsePolicy } from '@holdfast/contracts'
import type { Policy, RiskModel } from '@holdfast/core'
import { repositoryRoot } from '@holdfast/local'
import { readConfig } from '@holdfast/platform'
import { RISK_WORKER_SETTINGS } from '@holdfast/risk-worker'
import { listVersions, readVersion, riskModelOf } from '@holdfast/scorer'

/** The model and the policy that the risk-worker takes, in plain arithmetic. @throws Error where there is no model */
export async function readModel(): Promise<{ model: RiskModel; policy: Policy }> {
  const config = readConfig(RISK_WORKER_SETTINGS, process.env)
  const fromRoot = (path: string) => resolve(repositoryRoot(), path)
  const version = config.MODEL_VERSION || (await listVersions(fromRoot(config.MODELS_DIR))).at(-1)
  if (version === undefined) throw new Error(`there is no model under ${fromRoot(config.MODELS_DIR)}`)
  const { manifest } = await readVersion(join(fromRoot(config.MODELS_DIR), version))
  const policy = parsePolicy(await readFile(fromRoot(config.POLICY_FILE), 'utf8'), config.POLICY_FILE)
  return { model: riskModelOf(manifest), policy }
}
