import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateShop } from '@holdfast/simulation'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cli } from '../cli/run-cli.ts'

const shop = generateShop({ seed: 5, customers: 200, from: Date.UTC(2024, 0, 1), until: Date.UTC(2025, 1, 1) })
const MONEY = { BASE_CURRENCY: 'EUR', CURRENCY_RATES: 'GBP=1.17,USD=0.92' }
const WINDOW = ['--from', '2024-07-01', '--to', '2024-10-01']

let dir: string
let events: string

const file = async (name: string, text: string) => {
  const path = join(dir, name)
  await writeFile(path, text)
  return path
}
const policy = (cooldown: string) =>
  file(`${cooldown}.yaml`, `actions: { proactive-outreach: { cooldown: ${cooldown} } }\n`)
const backtest = (...args: string[]) => cli(['backtest', ...args], MONEY)

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'holdfast-backtest-'))
  events = await file('events.ndjson', [...shop.events].map(({ event }) => `${JSON.stringify(event)}\n`).join(''))
})
afterAll(() => rm(dir, { recursive: true }))

describe('a policy on a log, before anything is sent', () => {
  test('two policies are compared, and what is written is what is printed', async () => {
    const out = join(dir, 'out')
    const short = await backtest(
      ...['--events', events, '--policy', await policy('1d'), ...WINDOW, '--json', '--out', out],
    )
    expect(short.stderr).toBe('')
    expect(short.code).toBe(0)
    const report = JSON.parse(short.stdout)
    expect(report.days).toHaveLength(92)
    expect(report.contacted['proactive-outreach'].judged).toBeGreaterThan(10)
    expect((await readdir(out)).toSorted()).toEqual(['backtest.json', 'days.csv'])
    expect(JSON.parse(await readFile(join(out, 'backtest.json'), 'utf8'))).toEqual(report)
    const [header, ...days] = (await readFile(join(out, 'days.csv'), 'utf8')).trimEnd().split('\n')
    expect(header).toBe('day,proactive_outreach_jobs,reactivation_jobs,prospect,healthy,watch,at_risk,lapsed')
    const jobs = days.reduce((sum, line) => sum + Number(line.split(',')[1]), 0)
    expect(jobs).toBe(report.jobs['proactive-outreach'].queued)

    const long = await backtest('--events', events, '--policy', await policy('120d'), ...WINDOW, '--json')
    expect(JSON.parse(long.stdout).jobs['proactive-outreach'].queued).toBeLessThan(jobs)

    const again = await backtest('--events', events, '--policy', await policy('1d'), ...WINDOW, '--out', out)
    expect(again.code).toBe(1)
    expect(again.stderr).toMatch(/exists already/)
  })

  test('for people, it says in words what it found', async () => {
    const { code, stdout } = await backtest('--events', events, '--policy', await policy('14d'), ...WINDOW)
    expect(code).toBe(0)
    expect(stdout).toMatch(/proactive-outreach +\d+/)
    expect(stdout).toMatch(/lapses, \d+ of them at risk before: [\d.]+ days of warning at the median/)
    expect(stdout).toMatch(/2024-07-01 +\d/)
  })
})

describe('what goes wrong is told in one sentence and leaves nothing behind', () => {
  test.each<readonly [string, () => Promise<readonly string[]>, number, RegExp]>([
    [
      'a policy with faults',
      async () => ['--events', events, '--policy', await policy('fortnight'), ...WINDOW],
      1,
      /actions\.proactive-outreach\.cooldown/,
    ],
    [
      'a policy that is not there',
      async () => ['--events', events, '--policy', 'none.yaml', ...WINDOW],
      1,
      /none\.yaml/,
    ],
    [
      'a window after the log',
      async () => ['--events', events, '--policy', await policy('14d'), '--from', '2024-07-01', '--to', '2027-01-01'],
      1,
      /the log ends on 2025-02-01/,
    ],
    [
      'a window before the log',
      async () => ['--events', events, '--policy', await policy('14d'), '--from', '2020-01-01', '--to', '2024-07-01'],
      1,
      /nothing was known yet/,
    ],
    [
      'a window that ends before it begins',
      async () => ['--events', events, '--policy', await policy('14d'), '--from', '2024-09-01', '--to', '2024-07-01'],
      2,
      /must lie before/,
    ],
    [
      'an empty log',
      async () => ['--events', await file('empty.ndjson', ''), '--policy', await policy('14d'), ...WINDOW],
      1,
      /holds no event/,
    ],
    [
      'a model that is none',
      async () => ['--events', events, '--policy', await policy('14d'), ...WINDOW, '--model', dir],
      1,
      /model/,
    ],
  ])('%s', async (_what, args, code, message) => {
    const result = await backtest(...(await args()), '--out', join(dir, 'never'))
    expect(result.stderr).toMatch(message)
    expect(result.stderr).not.toMatch(/^\s+at /m)
    expect(result.code).toBe(code)
    expect((await readdir(dir)).filter((name) => name.includes('never'))).toEqual([])
  })
})
