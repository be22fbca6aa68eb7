import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { eventually } from '@holdfast/testing'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { CleanClone, Typed, terminalEnv } from './clean-clone.ts'

/*
 * What somebody sees who clones the repository onto a machine that has Node, npm and the distribution's packages, and types the two
 * commands. One clone, then a second one beside it, from the first start to the second. Takes some minutes: it installs and builds twice.
 */

const MINUTE = 60_000

const statusSchema = z.object({
  run: z.string(),
  pid: z.number(),
  kafka: z.object({ brokers: z.array(z.string()).min(1), pid: z.number() }),
  redis: z.object({ urls: z.array(z.string()).min(1), pid: z.number() }),
  services: z.array(
    z.object({ name: z.string(), pid: z.number(), alive: z.boolean(), url: z.url(), logFile: z.string() }),
  ),
  figures: z.object({
    customers: z.number(),
    byBand: z.record(z.string(), z.number()),
    jobs: z.record(z.string(), z.record(z.string(), z.number())),
  }),
})
type Status = z.output<typeof statusSchema>

async function statusOf(clone: CleanClone): Promise<Status> {
  const { code, stdout, output } = await clone.holdfast('status', '--json')
  expect(code, output).toBe(0)
  return statusSchema.parse(JSON.parse(stdout))
}

const urlOf = ({ services }: Status, name: string): string => {
  const found = services.find((service) => service.name === name)
  if (found === undefined) throw new Error(`${name} is not among ${services.map((service) => service.name).join(', ')}`)
  return found.url
}

const getJson = async (url: string): Promise<unknown> => (await fetch(url)).json()

let one: CleanClone
let start: Typed

beforeAll(() => {
  one = CleanClone.make()
})
afterAll(() => one?.remove(), MINUTE)

describe('npm start on a clean clone', () => {
  test('installs, builds, starts everything and says that it is ready', { timeout: 6 * MINUTE }, async () => {
    expect(existsSync(join(one.dir, 'node_modules'))).toBe(false)
    start = one.type('npm', 'start')
    await start.says(/^ready$/m, 5 * MINUTE)
  })

  test('says what it installed, and shows how long each step took', () => {
    expect(start.output).toMatch(/installing the packages that package-lock\.json names \(npm ci\)/)
    expect(start.output).toMatch(/✓ npm ci: \d+ s/)
    expect(start.output).toMatch(/✓ turbo run build: \d+ s/)
    expect(start.output).toMatch(/… .* \(\d+ s\)/)
  })

  test('goes on without the native library of TensorFlow, and says which backend scores', async () => {
    expect(start.output).toMatch(/native TensorFlow could not be downloaded; the scorer will use WebAssembly instead/)
    const status = await statusOf(one)
    const worker = status.services.find(({ name }) => name === 'risk-worker')
    expect(readFileSync(worker?.logFile ?? '', 'utf8')).toMatch(/backend.*wasm/i)
    expect(await (await fetch(`${urlOf(status, 'risk-worker')}/metrics`)).text()).toMatch(/backend="wasm"/)
  })

  test('shows, within 60 s, customers at risk and jobs queued', { timeout: 2 * MINUTE }, async () => {
    await eventually(
      async () => {
        const { figures } = await statusOf(one)
        expect(figures.byBand.at_risk).toBeGreaterThan(0)
        const jobs = (queue: string) => Object.values(figures.jobs[queue] ?? {}).reduce((sum, n) => sum + n, 0)
        expect(jobs('proactive-outreach')).toBeGreaterThan(0)
        expect(jobs('reactivation')).toBeGreaterThan(0)
        return true
      },
      { timeoutMs: MINUTE, everyMs: 1_000 },
    )
  })

  test('status --json says where brokers, Redis and every service are, and under which process ids', async () => {
    const { kafka, redis, services, run, pid } = await statusOf(one)
    expect(run).toBe('running')
    expect(kafka.brokers[0]).toMatch(/^(127\.0\.0\.1|localhost):\d+$/)
    expect(redis.urls[0]).toMatch(/^redis:\/\/(127\.0\.0\.1|localhost):\d+/)
    expect(services.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['risk-worker', 'delivery-worker', 'gateway', 'console', 'receiver', 'shop']),
    )
    for (const id of [pid, kafka.pid, redis.pid, ...services.map((service) => service.pid)]) {
      expect(() => process.kill(id, 0)).not.toThrow()
    }
  })

  test('every service answers to its probes and gives its metrics', async () => {
    const status = await statusOf(one)
    for (const name of ['risk-worker', 'delivery-worker', 'gateway', 'console']) {
      for (const path of ['healthz', 'readyz']) {
        expect(`${name} ${path} ${(await fetch(`${urlOf(status, name)}/${path}`)).status}`).toBe(`${name} ${path} 200`)
      }
      const metrics = await fetch(`${urlOf(status, name)}/metrics`)
      expect(metrics.headers.get('content-type')).toMatch(/text\/plain/)
      expect(await metrics.text()).toMatch(/^# HELP holdfast_\w+ .+\n# TYPE holdfast_\w+ /m)
    }
  })

  test('the API lists customers at risk with reasons', async () => {
    const url = urlOf(await statusOf(one), 'console')
    const page = z
      .object({ customers: z.array(z.object({ customer: z.string(), reasons: z.array(z.unknown()).min(1) })).min(1) })
      .parse(await getJson(`${url}/v1/customers?band=at_risk&limit=20`))
    expect(page.customers.length).toBeGreaterThan(0)
  })

  test('the receiver shows alerts and win-backs that arrived, signed', { timeout: 2 * MINUTE }, async () => {
    const url = urlOf(await statusOf(one), 'receiver')
    const schema = z.object({
      messages: z.array(
        z.object({ kind: z.string(), to: z.string(), outcome: z.string(), verified: z.boolean().optional() }),
      ),
    })
    await eventually(
      async () => {
        const { messages } = schema.parse(await getJson(`${url}/messages?limit=10000`))
        for (const to of ['/webhooks/helpdesk', '/webhooks/marketing']) {
          const webhooks = messages.filter((message) => message.to === to)
          expect(webhooks.length, to).toBeGreaterThan(0)
          expect(webhooks.every(({ verified, outcome }) => verified === true && outcome === 'taken')).toBe(true)
        }
        expect(messages.some(({ kind }) => kind === 'slack')).toBe(true)
        expect(messages.some(({ kind }) => kind === 'email')).toBe(true)
        return true
      },
      { timeoutMs: MINUTE, everyMs: 500 },
    )
    expect(await (await fetch(url)).text()).toContain('signature verified')
  })
})

describe('a second checkout beside it', () => {
  let two: CleanClone

  beforeAll(() => {
    two = CleanClone.make()
  })
  afterAll(() => two?.remove(), MINUTE)

  test('npm test on a clean clone installs, builds and runs the tests', { timeout: 6 * MINUTE }, async () => {
    const { code, stdout, output } = await two
      .type('npm', 'test', '--', 'shared/contracts/src/money.test.ts', 'test/integration/local-services.test.ts')
      .ends(5 * MINUTE)
    expect(code, output).toBe(0)
    expect(output).toMatch(/installing the packages that package-lock\.json names \(npm ci\)/)
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^[1-9]\d* passed, 0 failed$/)
  })

  test('starts on ports of its own while the first one runs', { timeout: 4 * MINUTE }, async () => {
    const beside = two.type('npm', 'start')
    await beside.says(/^ready$/m, 3 * MINUTE)
    const [first, second] = [await statusOf(one), await statusOf(two)]
    const addresses = ({ kafka, redis, services }: Status) => [
      ...kafka.brokers,
      ...redis.urls,
      ...services.map(({ url }) => url),
    ]
    expect(addresses(first).filter((address) => addresses(second).includes(address))).toEqual([])
    expect(first.services.every(({ alive }) => alive)).toBe(true)
    beside.ctrlC()
    await beside.ends(20_000)
  })

  test('says the exact command to type where something is missing and it may not install', {
    timeout: MINUTE,
  }, async () => {
    // Somebody who is not root, on whose PATH there is nothing but Node.
    const bin = mkdtempSync(join(tmpdir(), 'holdfast-bin-'))
    onTestFinished(() => rmSync(bin, { recursive: true, force: true }))
    for (const name of ['node', 'npm', 'npx']) symlinkSync(join(dirname(process.execPath), name), join(bin, name))
    symlinkSync('/usr/bin/apt-get', join(bin, 'apt-get'))
    const home = join(bin, 'home')
    mkdirSync(home)
    for (const folder of [bin, home, dirname(two.dir), two.dir]) chmodSync(folder, 0o777)
    const env = { ...terminalEnv(), PATH: bin, HOME: home, HOLDFAST_HOME: home }
    const isRoot = process.getuid?.() === 0
    const asNobody = isRoot ? ['/usr/bin/setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : []
    const [command = '', ...args] = [...asNobody, process.execPath, 'services/cli/dist/main.js', 'up', '--foreground']
    const { code, output } = await Typed.type(two.dir, command, args, env).ends(30_000)
    expect(code).not.toBe(0)
    expect(output).toMatch(/sudo apt-get (update && sudo apt-get )?install .*redis-server/)
  })
})

describe('Ctrl-C', () => {
  test('leaves no process behind', { timeout: MINUTE }, async () => {
    const status = await statusOf(one)
    start.ctrlC()
    await start.ends(20_000)
    await eventually(() => expect(one.processes()).toEqual([]), { timeoutMs: 2_000 })
    for (const id of [status.kafka.pid, status.redis.pid, ...status.services.map(({ pid }) => pid)]) {
      expect(() => process.kill(id, 0)).toThrow()
    }
  })

  test('a second npm start is ready within 15 s and goes on where the first one ended', {
    timeout: MINUTE,
  }, async () => {
    const begun = performance.now()
    const again = one.type('npm', 'start')
    await again.says(/^ready$/m, 15_000)
    process.stderr.write(`acceptance: a second npm start was ready after ${Math.round(performance.now() - begun)} ms\n`)
    expect((await statusOf(one)).figures.customers).toBeGreaterThan(9_000)
    again.ctrlC()
    await again.ends(20_000)
    await eventually(() => expect(one.processes()).toEqual([]), { timeoutMs: 2_000 })
  })
})
