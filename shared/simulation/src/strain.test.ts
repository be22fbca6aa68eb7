import { expect, test } from 'vitest'
import { DEFAULT_POPULATION } from './population.ts'
import { DAY_MS } from './season.ts'
import { moodOf, Strain, strainOf } from './strain.ts'

const rule = DEFAULT_POPULATION.strain

test('strains add up, last for their days, and stay within bounds', () => {
  const strain = new Strain(rule)
  expect(strain.factor()).toBe(1)
  strain.add(0, 2)
  strain.add(10 * DAY_MS, 1)
  expect(strain.level()).toBe(3)
  expect(strain.nextEnd()).toBe(rule.days * DAY_MS)
  strain.expire(strain.nextEnd())
  expect(strain.level()).toBe(1)
  strain.add(70 * DAY_MS, 100)
  expect(strain.level()).toBe(rule.highest)
  strain.expire(1000 * DAY_MS)
  strain.add(1000 * DAY_MS, -100)
  expect(strain.level()).toBe(rule.lowest)
})

test('scores are moods, each survey on its own scale', () => {
  expect([1, 2, 3, 4, 5].map((score) => moodOf('csat', score))).toEqual(['bad', 'bad', 'neutral', 'good', 'good'])
  expect([0, 6, 7, 8, 9, 10].map((score) => moodOf('nps', score)).join()).toBe('bad,bad,neutral,neutral,good,good')
  expect([1, 3, 4, 5, 6, 7].map((score) => moodOf('ces', score)).join()).toBe('bad,bad,neutral,neutral,good,good')
})

test('what strains: complaints, escalations, reopened tickets, bad answers; a plain ticket does not', () => {
  expect(strainOf(rule, 'support.ticket_opened', { ticketId: 't', complaint: true })).toBe(rule.complaint)
  expect(strainOf(rule, 'support.ticket_opened', { ticketId: 't', complaint: false })).toBe(0)
  expect(strainOf(rule, 'support.ticket_escalated', { ticketId: 't' })).toBe(rule.escalation)
  expect(strainOf(rule, 'support.ticket_reopened', { ticketId: 't' })).toBe(rule.reopening)
  expect(strainOf(rule, 'survey.responded', { kind: 'nps', score: 3 })).toBe(rule.badAnswer)
  expect(strainOf(rule, 'survey.responded', { kind: 'nps', score: 10 })).toBe(rule.goodAnswer)
  expect(strainOf(rule, 'engagement.visited', {})).toBe(0)
})
