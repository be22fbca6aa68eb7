import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, inject, onTestFinished, test } from 'vitest'
import { holdfast, ownServices } from './built-cli.ts'

/** Processes that were started with this folder as their home, whoever started them. */
function processesOf(home: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const env = readFileSync(`/proc/${name}/environ`, 'utf8')
      return env.split('\0').includes(`HOLDFAST_HOME=${home}`) ? [Number(name)] : []
    } catch {
      // It ended just now, or is not ours.
      return []
    }
  })
}

const NAMES = ['risk-worker', 'risk-worker-2', 'shop', 'receiver', 'delivery-worker', 'gateway', 'console', 'trainer']

test.skipIf(process.platform !== 'linux')(
  'up starts every service, status names each with its address and process, down leaves none of them',
  { timeout: 240_000 },
  async () => {
    const home = mkdtempSync(join(tmpdir(), 'holdfast-home-'))
    const env = { ...ownServices(inject('kafkaBrokers'), inject('redisUrls')), HOLDFAST_HOME: home }
    onTestFinished(async () => {
      await holdfast(['down'], env)
      rmSync(home, { recursive: true, force: true })
    })
    const nothing = await holdfast(['status', '--json'], { ...env, KAFKA_BROKERS: '', REDIS_URL: '' })
    expect(nothing.code).toBe(3)
    expect(JSON.parse(nothing.stdout)).toMatchObject({ run: 'none' })

    const up = await holdfast(['up', '--timelapse', '1d/s', '--customers', '50', '--json'], env)
    expect(up, up.stderr).toMatchObject({ code: 0 })
    expect(JSON.parse(up.stdout)).toMatchObject({ mode: 'time-lapse', kafka: { origin: 'environment' } })

    const status = await holdfast(['status', '--json'], env)
    expect(status).toMatchObject({ code: 0 })
    const { run, mode, pid, services, figures } = JSON.parse(status.stdout)
    expect({ run, mode }).toEqual({ run: 'running', mode: 'time-lapse' })
    expect(figures.rate).toBe(86_400)
    expect(figures.customers).toBeGreaterThan(30)
    expect(services.map(({ name }: { name: string }) => name).sort()).toEqual([...NAMES].sort())
    for (const { name, url, alive, logFile } of services) {
      expect(alive, name).toBe(true)
      expect(existsSync(logFile), logFile).toBe(true)
      expect((await fetch(`${url}/healthz`)).status, `${name} at ${url}`).toBe(200)
    }
    const running = processesOf(home)
    expect(running).toEqual(expect.arrayContaining([pid, ...services.map((service: { pid: number }) => service.pid)]))

    const again = await holdfast(['up', '--timelapse', '1d/s'], env)
    expect(again).toMatchObject({ code: 1 })
    expect(again.stderr).toContain('ALREADY_RUNNING')

    expect(await holdfast(['down', '--json'], env)).toMatchObject({ code: 0, stdout: '{\n  "found": "running"\n}\n' })
    expect(processesOf(home)).toEqual([])
    expect((await holdfast(['down', '--json'], env)).stdout).toContain('"none"')
  },
)

test('a command typed wrongly is 2, services that do not answer are 4, and Kafka and Redis nowhere are 3', async () => {
  const home = mkdtempSync(join(tmpdir(), 'holdfast-home-'))
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  const nowhere = { HOLDFAST_HOME: home, KAFKA_BROKERS: '', REDIS_URL: '' }
  for (const args of [
    ['nonsense'],
    ['inspect'],
    ['up', '--timelapse', 'fast'],
    ['up', '--replay', 'x', '--map', 'y'],
  ]) {
    expect((await holdfast(args, nowhere)).code, args.join(' ')).toBe(2)
  }
  const fresh = await holdfast(['up', '--fresh'], nowhere)
  expect(fresh).toMatchObject({ code: 2 })
  expect(fresh.stderr).toContain('live data is not thrown away')
  expect((await holdfast(['inspect', 'c'], nowhere)).code).toBe(3)
  const deaf = { HOLDFAST_HOME: home, KAFKA_BROKERS: '127.0.0.1:1', REDIS_URL: 'redis://127.0.0.1:1' }
  const asked = await holdfast(['inspect', 'c'], deaf)
  expect(asked.code, asked.stderr).toBe(4)
  expect(asked.stderr).not.toContain('\x1b[')
  const forced = await holdfast(['inspect', 'c'], { ...nowhere, FORCE_COLOR: '1' })
  expect(forced.stderr).toContain('\x1b[31m')
  const codes = JSON.parse((await holdfast(['help', 'exit-codes', '--json'], nowhere)).stdout)
  expect(codes.map(({ code }: { code: number }) => code)).toEqual([0, 1, 2, 3, 4])
})
