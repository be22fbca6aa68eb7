import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repositoryRoot } from '@holdfast/local'
import { eventually } from '@holdfast/testing'
import { expect, inject, onTestFinished, test } from 'vitest'
import { holdfast, ownServices } from '../integration/cli/built-cli.ts'

/*
 * A small shop's log of 2015, replayed thirty days a second by the whole pipeline: stopped midway as by Ctrl-C, started again, and
 * followed to its end. Half of the customers stay away after a while.
 */

const DAY_MS = 86_400_000
const OPENED = Date.UTC(2015, 0, 5)
const CUSTOMERS = 24
const DAYS = 420

function rows(): string[] {
  const all: { at: number; line: string }[] = []
  for (let c = 0; c < CUSTOMERS; c++) {
    const leaves = c % 2 === 0 ? 150 : DAYS
    for (let day = c % 7; day < leaves; day += 14 + (c % 5)) {
      const at = OPENED + day * DAY_MS
      all.push({ at, line: `c-${c},${new Date(at).toISOString().slice(0, 10)},${10 + c}.50,o-${c}-${day}` })
    }
  }
  // Not in the order of time: a file by customer is as good.
  return all.map(({ line }) => line)
}

const MAP = `
source: /replay-test
subject: "{customer}"
time: { column: day, format: "yyyy-MM-dd", zone: UTC }
events:
  - type: purchase.completed
    id: "{order}"
    data: { orderId: "{order}", amount: { column: amount, as: amount }, currency: EUR }
`

test('a real log is replayed to its end, also across a stop, and what happened is told', {
  timeout: 300_000,
}, async () => {
  const home = mkdtempSync(join(tmpdir(), 'holdfast-replay-'))
  const env = {
    ...ownServices(inject('kafkaBrokers'), inject('redisUrls')),
    HOLDFAST_HOME: home,
    POLICY_FILE: join(home, 'policy.yaml'),
  }
  onTestFinished(async () => {
    await holdfast(['down'], env)
    rmSync(home, { recursive: true, force: true })
  })
  const [file, map, policy] = [join(home, 'orders.csv'), join(home, 'map.yaml'), join(home, 'policy.yaml')]
  const orders = rows()
  writeFileSync(file, `customer,day,amount,order\n${orders.join('\n')}\nc-0,yesterday,1.00,bad\n`)
  writeFileSync(map, MAP)
  // At this pace the seven days of the default would be a quarter of a second.
  writeFileSync(policy, 'actionHorizon: 120d\n')
  const args = ['up', '--replay', file, '--map', map, '--timelapse', '30d/s', '--model-may-send', '--stop-at-end']

  const first = await holdfast(args, env)
  expect(first, first.stderr).toMatchObject({ code: 0 })
  expect(first.stderr).toContain(`${orders.length} events from 2015-01-05`)
  expect(first.stderr).toContain('1 bad row left out')
  expect(first.stderr).toMatch(
    /model v\d+, learned from a generated shop: it may send, because --model-may-send says so/,
  )
  const sent = () => JSON.parse(readFileSync(join(home, 'replay/replay.json'), 'utf8')).sent
  await eventually(() => expect(sent()).toBeGreaterThan(20), { timeoutMs: 30_000 })
  await holdfast(['down'], env)
  const sentBefore = sent()
  expect(sentBefore, 'stopped midway').toBeLessThan(orders.length)

  const other = await holdfast(['up', '--replay', join(home, 'map.yaml'), '--map', map, '--timelapse', '30d/s'], env)
  expect(other.code).toBe(1)
  expect(other.stderr).toContain('REPLAY_OF_ANOTHER_LOG')

  const { code, stdout, stderr } = await foreground(args, env)
  expect(code, stderr).toBe(0)
  expect(stdout).toContain('the log has ended, and the clock stands')
  const { weeks, totals } = JSON.parse(readFileSync(join(home, 'replay/report.json'), 'utf8'))
  expect(totals).toMatchObject({ customers: CUSTOMERS, purchases: orders.length })
  expect(weeks[0].from).toBe('2015-01-05')
  const inBands: number[] = Object.values(weeks.at(-1).bands)
  expect(inBands.reduce((sum, n) => sum + n, 0)).toBe(CUSTOMERS)
  // Whoever stayed away has lapsed and was contacted on the way there; whoever kept buying has not.
  expect(weeks.at(-1).bands.lapsed).toBe(CUSTOMERS / 2)
  expect(totals.jobs['proactive-outreach']).toBeGreaterThanOrEqual(CUSTOMERS / 2)
  expect(totals.stays.lapsed).toMatchObject({ began: CUSTOMERS / 2, endedWithPurchase: 0 })
})

/** `up --foreground`, which ends by itself when the log does. */
function foreground(args: readonly string[], env: NodeJS.ProcessEnv) {
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    const bin = join(repositoryRoot(), 'services/cli/bin/holdfast.mjs')
    const child = spawn(process.execPath, [bin, ...args, '--foreground'], { env: { ...process.env, ...env } })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (chunk) => (stdout += chunk))
    child.stderr.on('data', (chunk) => (stderr += chunk))
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
}
