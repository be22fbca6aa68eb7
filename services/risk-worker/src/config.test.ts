import { readConfig } from '@holdfast/platform'
import { expect, test } from 'vitest'
import { SETTINGS } from './config.ts'

test('a timeline has up to 200 entries, none, or as many as the policy says', () => {
  const lengthOf = (text: string) => readConfig(SETTINGS, { TIMELINE_LENGTH: text }).TIMELINE_LENGTH
  expect(['', '0', '200'].map(lengthOf)).toEqual(['', '0', '200'])
  for (const wrong of ['201', '-1', '2.5', 'all']) {
    expect(() => lengthOf(wrong), wrong).toThrow(/TIMELINE_LENGTH.*expected a whole number up to 200/)
  }
})
