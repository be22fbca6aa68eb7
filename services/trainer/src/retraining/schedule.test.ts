import { readConfig } from '@holdfast/platform'
import { expect, test } from 'vitest'
import { SETTINGS } from '../config.ts'
import { parseInterval, parseSchedule } from './schedule.ts'

test('an interval is a whole number of seconds, minutes, hours or days', () => {
  expect(['90s', '15m', '12h', '7d'].map(parseInterval)).toEqual([90_000, 900_000, 43_200_000, 604_800_000])
  expect(['', '0d', '1.5h', '7', 'weekly', '-1d', '7 d'].map(parseInterval)).toEqual(Array(7).fill(undefined))
})

test('a schedule is off, an interval, or five fields of cron', () => {
  expect(parseSchedule('off')).toEqual({ kind: 'off' })
  expect(parseSchedule('7d')).toEqual({ kind: 'every', ms: 604_800_000 })
  expect(parseSchedule(' 0 3  * * MON-FRI ')).toEqual({ kind: 'cron', pattern: '0 3 * * MON-FRI' })
  expect(['weekly', '0 3 * *', '* * * * * *', '0 3 * * $(x)'].map(parseSchedule)).toEqual(Array(4).fill(undefined))
})

test('what cannot be read is named, with what was expected; an empty variable takes its default', () => {
  expect(() =>
    readConfig(SETTINGS, { RETRAIN_SCHEDULE: 'weekly', WATCH_EVERY: '0 3 * * 1', RETRAIN_ON_DRIFT: 'much' }),
  ).toThrow(
    /RETRAIN_SCHEDULE="weekly": expected five fields of cron, or off; or expected a number with s, m, h or d[\s\S]*WATCH_EVERY[\s\S]*RETRAIN_ON_DRIFT/,
  )
  const { RETRAIN_SCHEDULE, WATCH_EVERY, RETRAIN_ON_DRIFT, AUTO_PROMOTE } = readConfig(SETTINGS, {
    RETRAIN_SCHEDULE: '',
  })
  expect(RETRAIN_SCHEDULE).toEqual({ kind: 'cron', pattern: '0 3 * * 1' })
  expect(WATCH_EVERY).toEqual({ kind: 'every', ms: 3_600_000 })
  expect([RETRAIN_ON_DRIFT, AUTO_PROMOTE]).toEqual([0.25, false])
  expect(readConfig(SETTINGS, { RETRAIN_ON_DRIFT: 'off' }).RETRAIN_ON_DRIFT).toBe('off')
})
