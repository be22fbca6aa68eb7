import type { ActionPolicy, Policy } from '@holdfast/core'
import { z } from 'zod'
import { expected, integerField } from './fields.ts'
import { checkSettings, durationField, mapping, parseYaml } from './settings.ts'

/** What the YAML policy file says, in the units of the code: what decides, and what only the services need. */
export interface PolicyFile extends Policy {
  /** Length of a snooze for which nobody named an end. */
  readonly defaultSnoozeMs: number
  /** Newest entries kept of each customer's timeline; 0 keeps none. */
  readonly timelineLength: number
}

/** Most entries of a timeline: it is stored behind the state and goes with it wherever that goes. */
export const MOST_TIMELINE = 200

const flag = z.boolean(expected('true or false'))

function actionSchema(cooldown: string) {
  return mapping({ enabled: flag.prefault(true), cooldown: durationField.prefault(cooldown) })
    .transform(({ enabled, cooldown }): ActionPolicy => ({ enabled, cooldownMs: cooldown }))
    .prefault({})
}

/** The file: whatever is left out has the value that `infra/policy/default.yaml` shows. */
export const policySchema = mapping({
  actions: mapping({ 'proactive-outreach': actionSchema('14d'), reactivation: actionSchema('30d') }).prefault({}),
  consentWhenUnknown: mapping({ outreach: flag.prefault(true), marketing: flag.prefault(false) }).prefault({}),
  actionHorizon: durationField.prefault('7d'),
  defaultSnooze: durationField.prefault('14d'),
  timelineLength: integerField(0, MOST_TIMELINE, `a whole number from 0 (off) to ${MOST_TIMELINE}`).prefault(20),
  sendWithGeneratedModel: flag.prefault(false),
}).transform(
  ({ actionHorizon, defaultSnooze, ...rest }): PolicyFile => ({
    ...rest,
    actionHorizonMs: actionHorizon,
    defaultSnoozeMs: defaultSnooze,
  }),
)

/** @throws SettingsError that lists every fault with its path. */
export function parsePolicy(text: string, what = 'policy'): PolicyFile {
  return checkSettings(policySchema, parseYaml(text, what), what)
}
