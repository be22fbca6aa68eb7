import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parsePolicy } from '@holdfast/contracts'
import { dataFolder, repositoryRoot, type Say } from '@holdfast/local'
import { connectRedis, createLogger, formatRate, modelStore } from '@holdfast/platform'
import { type Env, readSettings } from '../config.ts'
import { fileUnreadable } from '../errors.ts'
import { readChampion } from '../inspect/champion.ts'
import { span } from '../output/text.ts'
import type { RunPlan } from './run-plan.ts'

const DEFAULT_POLICY = 'infra/policy/default.yaml'

async function readPolicy(env: Env): Promise<{ file: string; text: string }> {
  const file = env.POLICY_FILE || join(repositoryRoot(), DEFAULT_POLICY)
  return { file, text: await readFile(file, 'utf8').catch((cause) => Promise.reject(fileUnreadable(file, cause))) }
}

/** The policy in use with the one word that lets a model from a generated shop send, as a file of this run. */
export async function policyThatSends({ env, mode }: RunPlan): Promise<string> {
  const { file, text } = await readPolicy(env)
  const rest = text.split('\n').filter((line) => !/^sendWithGeneratedModel\s*:/.test(line))
  const changed = `${rest.join('\n').trimEnd()}\n\n# Asked for by --model-may-send.\nsendWithGeneratedModel: true\n`
  parsePolicy(changed, file)
  const target = join(dataFolder(mode), 'policy.yaml')
  await mkdir(dataFolder(mode), { recursive: true })
  await writeFile(target, changed)
  return target
}

/** Names the model of a run on a real log, and whether it may contact anybody. */
export async function saysWhatItMaySend({ modelMaySend }: RunPlan, env: Env, say: Say): Promise<void> {
  const config = readSettings(env)
  const log = createLogger({ service: 'up', level: 'silent' })
  const redis = await connectRedis(config.REDIS_URL, { log, name: 'holdfast-up' })
  const model = await readChampion(config, modelStore(redis.client, config.KEY_PREFIX)).finally(() => redis.stop())
  if (model === undefined) return
  if (model.learnedFrom === 'log') return say(`model ${model.version}, learned from a log: it may send`)
  const { file, text } = await readPolicy(env)
  const { sendWithGeneratedModel } = parsePolicy(text, file)
  const may = sendWithGeneratedModel
    ? `it may send, because ${modelMaySend ? '--model-may-send' : file} says so`
    : 'decisions are recorded, nothing is sent (--model-may-send lets it, "npx holdfast train" learns from this log)'
  say(`model ${model.version}, learned from a generated shop: ${may}`)
}

/** Less than this, wall clock, ms, and a busy machine looks at somebody too late to contact them. */
const TIGHT_MS = 5_000

/** Warns where time runs so fast that what the policy calls too late is soon reached. */
export async function saysWhenTooLate({ rate }: RunPlan, env: Env, say: Say): Promise<void> {
  if (rate === undefined) return
  const { file, text } = await readPolicy(env)
  const { actionHorizonMs } = parsePolicy(text, file)
  if (actionHorizonMs / rate >= TIGHT_MS) return
  say(
    `at ${formatRate(rate)} the actionHorizon of the policy, ${span(actionHorizonMs)}, is ${span(actionHorizonMs / rate)}: who is looked at later is recorded, not contacted`,
  )
}
