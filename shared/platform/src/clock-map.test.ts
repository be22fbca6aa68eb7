import { describe, expect, it } from 'vitest'
import { mappedClock, systemClock } from './clock.ts'
import {
  domainAt,
  formatClockMap,
  formatRate,
  parseClockMap,
  parseRate,
  rateAt,
  standingClock,
  startedAt,
  stoppedAt,
  wallDelayAt,
} from './clock-map.ts'

const DAY_MS = 86_400_000
const OPENED = Date.UTC(2026, 0, 1)
const DOMAIN = Date.UTC(2009, 11, 1)
const RATE = 86_400

const opened = standingClock(OPENED, DOMAIN, RATE)
const running = startedAt(opened, OPENED + 10_000)

describe('the map from wall clock to domain time', () => {
  it('stands until it is started, then runs at its rate, and stands again where it was stopped', () => {
    expect(domainAt(running, OPENED)).toBe(DOMAIN)
    expect(domainAt(running, OPENED + 9_999)).toBe(DOMAIN)
    expect(domainAt(running, OPENED + 13_000)).toBe(DOMAIN + 3 * DAY_MS)
    const stopped = stoppedAt(running, OPENED + 15_000)
    expect(domainAt(stopped, OPENED + 3_600_000)).toBe(DOMAIN + 5 * DAY_MS)
    expect([OPENED, OPENED + 12_000, OPENED + 16_000].map((at) => rateAt(stopped, at))).toEqual([0, RATE, 0])
  })

  it('goes on after a pause where it was, and still dates what came before the pause as it was dated then', () => {
    const stopped = stoppedAt(running, OPENED + 15_000)
    const again = startedAt(stopped, OPENED + 3_600_000, 7 * RATE)
    expect(domainAt(again, OPENED + 3_601_000)).toBe(DOMAIN + 12 * DAY_MS)
    for (const at of [0, 500, 12_345, 14_999]) expect(domainAt(again, OPENED + at)).toBe(domainAt(running, OPENED + at))
  })

  it('takes back what was announced for later', () => {
    const announced = startedAt(opened, OPENED + 10_000)
    const stopped = stoppedAt(announced, OPENED + 5_000)
    expect(domainAt(stopped, OPENED + 20_000)).toBe(DOMAIN)
  })

  it('runs like the wall clock before it was opened', () => {
    expect(domainAt(running, OPENED - 1_000)).toBe(DOMAIN - 1_000)
    expect(rateAt(running, OPENED - 1_000)).toBe(1)
  })

  it('bridges to wall time: a day is a second at 1d/s, also while it stands', () => {
    const at = OPENED + 11_000
    expect(wallDelayAt(running, at, domainAt(running, at) + DAY_MS)).toBe(1_000)
    expect(wallDelayAt(running, at, domainAt(running, at) - DAY_MS)).toBe(0)
    expect(wallDelayAt(opened, OPENED, DOMAIN + 2 * DAY_MS)).toBe(2_000)
  })

  it('survives being written and read, and says what is stored in its place', () => {
    expect(parseClockMap(formatClockMap(running), 'hf:clock')).toEqual(running)
    expect(() => parseClockMap('[]', 'hf:clock')).toThrow('stored under hf:clock')
    expect(() => parseClockMap('[{"rate":0}]', 'hf:clock')).toThrow('no map from wall clock')
  })
})

it('a clock that goes by a map shows both directions at once', () => {
  let wall = OPENED + 10_500
  const clock = mappedClock(
    () => running,
    () => wall,
  )
  expect(clock.now()).toBe(DOMAIN + DAY_MS / 2)
  expect(clock.wallDelay(DOMAIN + DAY_MS)).toBe(500)
  wall += 500
  expect(clock.now()).toBe(DOMAIN + DAY_MS)
  expect(clock.domainTime(OPENED + 10_500)).toBe(DOMAIN + DAY_MS / 2)
  expect(clock.rate()).toBe(RATE)
  expect(systemClock.domainTime(5)).toBe(5)
})

it('rates are written as people say them', () => {
  expect(parseRate('1d/s')).toBe(86_400)
  expect(parseRate('12h/s')).toBe(43_200)
  expect(parseRate('0.5d/s')).toBe(43_200)
  expect(parseRate('1s/s')).toBe(1)
  for (const bad of ['', '1d', '1d/min', '-1d/s', '0d/s', 'd/s']) expect(parseRate(bad)).toBeUndefined()
  for (const text of ['1d/s', '7d/s', '12h/s', '90d/s', '30m/s', '2s/s']) {
    expect(formatRate(parseRate(text) ?? 0)).toBe(text)
  }
})
