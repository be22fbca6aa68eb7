import { PassThrough } from 'node:stream'
import { expect, test, vi } from 'vitest'
import { colours, withoutColours } from '../output/colour.ts'
import type { Figures } from '../status/collect.ts'
import { frame } from './frame.ts'
import type { Sample } from './sample.ts'
import { takeScreen } from './screen.ts'

const FIGURES: Figures = {
  domainTime: '2027-01-02T03:04:05.000Z',
  rate: 86_400,
  customers: 1_000,
  byBand: { prospect: 100, healthy: 500, watch: 200, at_risk: 150, lapsed: 50 },
  jobs: { 'proactive-outreach': { waiting: 3, active: 2, completed: 120, failed: 1 }, reactivation: {} },
  lag: { 'customer.purchases': 12, 'customer.support': 0 },
  recordsRead: 9_988,
  appointmentsOverdue: 7,
  appointmentsDueIn: { day: 40, week: 200 },
  lateSeconds: 2.5,
  outbox: 4,
  deadLetters: 5,
  intakeStopped: null,
  shards: 4,
}
const SAMPLE: Sample = {
  at: '2026-11-01T00:00:00.000Z',
  recordsPerSecond: 1_234.4,
  lateSecondsMax: 3,
  figures: FIGURES,
}

const plain = { colours: colours(false), columns: 80, mode: 'time-lapse' }

test('a page names rate, lag, bands, appointments, jobs and lateness', () => {
  const page = frame(SAMPLE, plain)
  for (const part of [
    'holdfast time-lapse  2027-01-02 03:04:05Z  1d/s',
    /records a second +1,234/,
    /lag, records +12 +of 10,000/,
    /appointments +7 due now +40 within a day, 200 within a week/,
    /lateness +2\.50 s +at most 3\.00 s/,
    /healthy +500 +50 %/,
    /proactive-outreach +3 +2 +120 +1/,
    /reactivation +0 +0 +0 +0/,
    '5 dead letters',
  ]) {
    expect(page).toMatch(part)
  }
  expect(Math.max(...page.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
})

test('it is the same page in colour, tells the wall clock in live use, and shouts when intake stands', () => {
  const coloured = frame(SAMPLE, { ...plain, colours: colours(true) })
  expect(coloured).toContain('\x1b[31m2.50 s')
  expect(withoutColours(coloured)).toBe(frame(SAMPLE, plain))
  const live = frame({ ...SAMPLE, figures: { ...FIGURES, rate: 1, intakeStopped: 'too many were invalid' } }, plain)
  expect(live).toContain('2026-11-01 00:00:00Z')
  expect(live).toContain('INTAKE IS STOPPED: too many were invalid')
})

function terminal() {
  const output = new PassThrough()
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: vi.fn() })
  const written = () => String(output.read() ?? '')
  return { output, input, written }
}

test('the screen is given back once, with the cursor, and the keyboard too', () => {
  const { output, input, written } = terminal()
  const listeners = process.listenerCount('exit')
  const screen = takeScreen({ output, input }, () => {})
  expect(written()).toBe('\x1b[?1049h\x1b[?25l')
  expect(input.setRawMode).toHaveBeenLastCalledWith(true)
  screen.draw('one\ntwo')
  expect(withoutColours(written())).toContain('one')
  // As process.exit does, whatever led to it.
  for (const listener of process.listeners('exit').slice(listeners)) listener(0)
  screen.leave()
  screen.draw('late')
  expect(written()).toBe('\x1b[?25h\x1b[?1049l')
  expect(input.setRawMode).toHaveBeenLastCalledWith(false)
  expect(process.listenerCount('exit')).toBe(listeners)
})

test('q and Ctrl-C leave, other keys do not', () => {
  const { output, input } = terminal()
  const onQuit = vi.fn()
  const screen = takeScreen({ output, input }, onQuit)
  for (const key of ['x', '\x1b[A', 'q', '\x03']) input.emit('data', Buffer.from(key))
  expect(onQuit).toHaveBeenCalledTimes(2)
  screen.leave()
})
