import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { repositoryRoot } from '@holdfast/local'
import { generateShop } from '@holdfast/simulation'
import { eventually, testKafka } from '@holdfast/testing'
import { inject } from 'vitest'
import { z } from 'zod'
import { readBacklog } from '../../support/shards.ts'
import type { Installation } from '../risk-worker/support.ts'

const DAY = 86_400_000

export interface ConsoleProcess {
  readonly url: string
  readonly pid: number
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>
}

const lineSchema = z.looseObject({ url: z.string().optional(), msg: z.string().optional() })

/** The console as it is deployed: a process of its own, from the last build, told everything by its environment. */
export async function startConsole(
  { env }: Pick<Installation, 'env'>,
  more: Readonly<Record<string, string>> = {},
): Promise<ConsoleProcess> {
  const child = spawn(process.execPath, ['services/console/dist/main.js'], {
    cwd: repositoryRoot(),
    env: { PATH: process.env.PATH ?? '', ...env, CONSOLE_PORT: '0', ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said: string[] = []
  let url = ''
  let ended = false
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => said.push(chunk))
  createInterface({ input: child.stdout }).on('line', (line) => {
    said.push(line)
    if (line.startsWith('{')) url ||= lineSchema.parse(JSON.parse(line)).url ?? ''
  })
  const exited = once(child, 'close').then(([code]: (number | null)[]) => {
    ended = true
    return code ?? null
  })
  await eventually(() => ended || url !== '', { timeoutMs: 60_000 })
  if (ended || child.pid === undefined) throw new Error(`the console has ended:\n${said.join('\n')}`)
  const get = (path: string, headers = {}) => fetch(`${url}${path}`, { headers })
  await eventually(async () => (await get('/readyz')).status === 200, { timeoutMs: 30_000 })
  return {
    url,
    pid: child.pid,
    get,
    post: (path, body, headers = {}) =>
      fetch(`${url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    async stop() {
      if (!ended) child.kill('SIGTERM')
      return exited
    },
  }
}

/** Tells a generated shop's life up to now, and waits until the worker has read and judged all of it. */
export async function feedShop(shop: Installation, customers: number): Promise<void> {
  const until = Date.now() - DAY
  const byRole = new Map<Parameters<Installation['produce']>[0], { key: string; value: string }[]>()
  for (const { role, event } of generateShop({ seed: 7, customers, from: until - 500 * DAY, until }).events) {
    const records = byRole.get(role) ?? []
    byRole.set(role, records)
    records.push({ key: event.subject, value: JSON.stringify(event) })
  }
  for (const [role, records] of byRole) await shop.produce(role, ...records)
  await caughtUp(shop)
}

/** Nothing unread, nobody overdue, nothing left to send. */
export async function caughtUp(shop: Installation): Promise<void> {
  const admin = testKafka(inject('kafkaBrokers')).admin()
  await admin.connect()
  const { purchases, support, engagement, profile, actions } = shop.topics
  const inputs = [purchases, support, engagement, profile, actions]
  try {
    await eventually(
      async () => {
        const { unread, overdue, outbox } = await readBacklog(shop, admin, inputs)
        return unread + overdue + outbox === 0
      },
      { timeoutMs: 100_000, everyMs: 100 },
    )
  } finally {
    await admin.disconnect()
  }
}

export interface ServerSentEvent {
  readonly id?: string
  readonly event?: string
  readonly data?: string
}

/** A listener to `/v1/changes`. */
export async function listen(console: ConsoleProcess, headers: Readonly<Record<string, string>> = {}) {
  const abort = new AbortController()
  const response = await fetch(`${console.url}/v1/changes`, { headers, signal: abort.signal })
  const events: ServerSentEvent[] = []
  let ended = false
  const reading = (async () => {
    let text = ''
    try {
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
        text += chunk
        const blocks = text.split('\n\n')
        text = blocks.pop() ?? ''
        events.push(...blocks.map(parseBlock))
      }
    } catch {}
    ended = true
  })()
  return {
    response,
    events,
    hasEnded: () => ended,
    async close() {
      abort.abort()
      await reading
    },
  }
}

function parseBlock(block: string): ServerSentEvent {
  return Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s, 2)))
}
