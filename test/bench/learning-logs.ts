import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** Beside the checkout; the logs may not be copied into it. */
const DATA = join(ROOT, '../shared/data')

/** Raw files, and the maps that make events of them. */
export const LOGS = {
  cdnow: {
    file: join(DATA, 'cdnow-sample/CDNOW_sample.txt'),
    map: 'infra/maps/cdnow.yaml',
    money: { BASE_CURRENCY: 'USD', CURRENCY_RATES: '' },
  },
  retail: {
    file: join(DATA, 'online-retail-year1/invoice_events.csv.gz'),
    map: 'infra/maps/online-retail-year1.yaml',
    money: { BASE_CURRENCY: 'GBP', CURRENCY_RATES: '' },
  },
} as const
export type LogName = keyof typeof LOGS

/** Files that are not there. */
export function absentLogs(): string[] {
  return Object.values(LOGS).flatMap(({ file }) => (existsSync(file) ? [] : [file]))
}

/** Makes events of both logs, `cdnow.ndjson` and `retail.ndjson`, in a folder that is gone afterwards. */
export async function withLogs<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-learning-'))
  try {
    for (const [name, { file, map, money }] of Object.entries(LOGS)) {
      const [out, bad] = [join(folder, `${name}.ndjson`), join(folder, `${name}.bad`)]
      await holdfast(['import', file, '--map', map, '--out', out, '--bad-rows', bad], money)
    }
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The command line as somebody would type it, from the sources. */
export async function holdfast(args: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
  await promisify(execFile)(
    process.execPath,
    ['--conditions=source', '--import', 'tsx', join(ROOT, 'services/cli/src/main.ts'), ...args],
    { cwd: ROOT, env: { ...process.env, ...env }, maxBuffer: 2 ** 26 },
  )
}
