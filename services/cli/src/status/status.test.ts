import type { RunState } from '@holdfast/local'
import { expect, test } from 'vitest'
import { type Figures, whereabouts } from './collect.ts'
import { statusLine, statusText } from './print.ts'
import { urlOf } from './url-of.ts'

const FIGURES: Figures = {
  domainTime: '2026-11-01T10:00:00.000Z',
  rate: 1,
  recordsRead: 0,
  appointmentsDueIn: { day: 0, week: 0 },
  lateSeconds: 0,
  customers: 12_000,
  byBand: { prospect: 1, healthy: 11_000, watch: 0, at_risk: 987, lapsed: 12 },
  jobs: {
    'proactive-outreach': { waiting: 5, prioritized: 1, delayed: 2, active: 3, completed: 4, failed: 0 },
    reactivation: { waiting: 1 },
  },
  lag: { 'customer.purchases': 3, 'customer.support': 4 },
  appointmentsOverdue: 6,
  outbox: 8,
  deadLetters: 0,
  intakeStopped: null,
  shards: 4,
}

const STATE: RunState = {
  mode: 'live',
  startedAt: '2026-01-01T00:00:00.000Z',
  owner: { pid: process.pid },
  kafka: { origin: 'embedded', brokers: ['127.0.0.1:1'], process: { pid: 11 } },
  redis: { origin: 'embedded', urls: ['redis://127.0.0.1:2'], process: { pid: 12 } },
  services: [
    { name: 'risk-worker', process: { pid: process.pid }, url: 'http://127.0.0.1:3', logFile: 'w.log' },
    { name: 'shop', process: { pid: 2 ** 22 + 1 }, logFile: 's.log' },
  ],
}

test('the status line says in a line how it goes', () => {
  expect(statusLine(FIGURES)).toBe('12,000 customers · 987 at risk · 9 jobs waiting, 4 completed · lag 7')
  expect(statusLine({ ...FIGURES, deadLetters: 2, intakeStopped: 'x' })).toMatch(/2 dead letters · INTAKE STOPPED/)
})

test('processes and addresses are those of the run, and a service that is down is seen', () => {
  const where = whereabouts({ kind: 'running', state: STATE }, ['127.0.0.1:1'], ['redis://127.0.0.1:2'])
  expect(where).toMatchObject({
    run: 'running',
    pid: process.pid,
    kafka: { brokers: ['127.0.0.1:1'], origin: 'embedded', pid: 11 },
    redis: { origin: 'embedded', pid: 12 },
    services: [
      { name: 'risk-worker', alive: true, url: 'http://127.0.0.1:3' },
      { name: 'shop', alive: false },
    ],
  })
  const text = statusText({ ...where, figures: FIGURES })
  expect(text).toMatch(/risk-worker +http:\/\/127.0.0.1:3 +running +pid/)
  expect(text).toMatch(/shop +DOWN/)
  expect(text).toMatch(/proactive-outreach +8 +3 active, 4 completed, 0 failed/)
})

test('addresses that the environment names are told as such, without passwords, and not taken for those of the run', () => {
  const where = whereabouts({ kind: 'running', state: STATE }, ['kafka:9092'], ['redis://me:secret@redis:6379'])
  expect(where.kafka).toEqual({ brokers: ['kafka:9092'], origin: 'environment' })
  expect(JSON.stringify(where)).not.toContain('secret')
  expect(statusText({ ...where, problem: 'no broker answers' })).toContain('No figures: no broker answers')
})

test('a service is found by its name, and whoever asks for another is told the names', () => {
  expect(urlOf({ kind: 'running', state: STATE }, 'risk-worker')).toBe('http://127.0.0.1:3')
  expect(() => urlOf({ kind: 'running', state: STATE }, 'console')).toThrow('there are risk-worker')
  expect(() => urlOf({ kind: 'stale', state: STATE }, 'risk-worker')).toThrow('no services were started here')
})
