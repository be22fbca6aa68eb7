import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parsePolicy } from './policy.ts'
import { parseDuration } from './settings.ts'

const DAY_MS = 86_400_000
const committed = readFileSync(new URL('../../../infra/policy/default.yaml', import.meta.url), 'utf8')

describe('parsePolicy', () => {
  it('reads the committed file', () => {
    expect(parsePolicy(committed)).toEqual({
      actions: {
        'proactive-outreach': { enabled: true, cooldownMs: 14 * DAY_MS },
        reactivation: { enabled: true, cooldownMs: 30 * DAY_MS },
      },
      consentWhenUnknown: { outreach: true, marketing: false },
      actionHorizonMs: 7 * DAY_MS,
      defaultSnoozeMs: 14 * DAY_MS,
      timelineLength: 20,
      sendWithGeneratedModel: false,
    })
  })

  it('has the committed file for what is left out', () => {
    expect(parsePolicy('')).toEqual(parsePolicy(committed))
    expect(parsePolicy('actions: { reactivation: { cooldown: 12h } }').actions).toEqual({
      'proactive-outreach': { enabled: true, cooldownMs: 14 * DAY_MS },
      reactivation: { enabled: true, cooldownMs: DAY_MS / 2 },
    })
  })

  it('lists every fault with path and cure', () => {
    const text =
      'actions: { reactivation: { cooldown: 14, enabld: true } }\ntimelineLength: -1\nconsentWhenUnknown: yes'
    expect(() => parsePolicy(text, 'shop.yaml')).toThrow(
      [
        'shop.yaml:',
        '  actions.reactivation.cooldown: expected a duration such as 14d, 12h, 30m or 45s, got 14',
        '  actions.reactivation: unknown: enabld',
        '  consentWhenUnknown: expected a mapping, got "yes"',
        '  timelineLength: expected a whole number from 0 (off) to 200, got -1',
      ].join('\n'),
    )
  })

  it('says where YAML is broken', () => {
    expect(() => parsePolicy('actions:\n  - [', 'shop.yaml')).toThrow(/^shop\.yaml: .* line 2/)
    expect(() => parsePolicy('actionHorizon: 1d\nactionHorizon: 2d')).toThrow(/unique .* line 2/)
    expect(() => parsePolicy('actions: *nowhere')).toThrow(/policy: .*nowhere/)
  })
})

describe('parseDuration', () => {
  it.each([
    ['14d', 14 * DAY_MS],
    ['12h', DAY_MS / 2],
    ['30m', 1_800_000],
    ['45s', 45_000],
    ['0s', 0],
    ['1.5h', undefined],
    ['-1d', undefined],
    ['d', undefined],
    ['7 days', undefined],
  ])('%s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })
})
