import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CONSOLE_SETTINGS } from '@holdfast/console'
import { asyncApi, jsonSchemas } from '@holdfast/contracts'
import { describeLayout, FEATURE_TABLE_VERSION, FEATURES, LAYOUT_VERSION, TIMELINE_ENTRY_BYTES } from '@holdfast/core'
import { DELIVERY_WORKER_SETTINGS } from '@holdfast/delivery-worker'
import { GATEWAY_SETTINGS } from '@holdfast/gateway'
import { describeConfig, type Settings } from '@holdfast/platform'
import { RECEIVER_SETTINGS } from '@holdfast/receiver'
import { RISK_WORKER_SETTINGS } from '@holdfast/risk-worker'
import { TRAINER_SETTINGS } from '@holdfast/trainer'

/** Documents made of code. `npm run docs` writes them; a test fails while one is stale. */

export interface Doc {
  /** From the root of the repository. */
  readonly file: string
  render(): string
}

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Whoever is configured by environment variables, by folder. */
const SETTINGS_OF: Readonly<Record<string, readonly [name: string, settings: Settings]>> = {
  'services/risk-worker': ['risk-worker', RISK_WORKER_SETTINGS],
  'services/delivery-worker': ['delivery-worker', DELIVERY_WORKER_SETTINGS],
  'services/gateway': ['gateway', GATEWAY_SETTINGS],
  'services/console': ['console', CONSOLE_SETTINGS],
  'services/trainer': ['trainer', TRAINER_SETTINGS],
  'infra/receiver': ['local receiver', RECEIVER_SETTINGS],
}
const FOLDERS = ['shared/contracts', 'shared/core', ...Object.keys(SETTINGS_OF)]
/** Folders that hold nothing else: what no document names is deleted there. */
const GENERATED = FOLDERS.map((folder) => `${folder}/generated`)

const GENERATED_BY = 'Generated from the code by `npm run docs`; do not edit.'

function featuresPage(): string {
  const rows = FEATURES.map(
    ({ name, group, unit, silence, formula, why }, i) =>
      `| ${i} | \`${name}\` | ${group} | ${unit} | ${silence} | ${formula.replaceAll('|', '\\|')} | ${why} |`,
  )
  return `# The feature table, version ${FEATURE_TABLE_VERSION}

${GENERATED_BY}

${FEATURES.length} features, in the order of every vector and of every model's weights. *In silence* says how a feature moves while no
event arrives, which is what the search for the next appointment rests on.

| # | name | group | unit | in silence | formula | why it should predict churn |
|--:|---|---|---|---|---|---|
${rows.join('\n')}
`
}

function layoutPage(): string {
  const rows = describeLayout().map(({ group, field, bytes }) => `| ${group} | ${field} | ${bytes} |`)
  return `# The layout of a customer's state, version ${LAYOUT_VERSION}

${GENERATED_BY}

One byte for the version, one to three for the groups that are present, then those groups in this order. A group that a customer never
touched costs no byte. Numbers are big-endian; a whole number takes seven bits a byte, least significant first; an instant is ms + 1 in six
bytes, 0 for never. Behind the last group stands the customer's timeline, newest entry first, ${TIMELINE_ENTRY_BYTES} bytes each: kind, instant,
and a float64 that the kind explains.

| group | field | bytes |
|---|---|--:|
${rows.join('\n')}
`
}

function settingsPage(name: string, settings: Settings): string {
  return `# Settings of the ${name}

${GENERATED_BY}

Environment variables. One that is missing or empty takes its default.

${describeConfig(settings)}
`
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`
const CONTRACT_VERSION = '1.0.0'

export const DOCS: readonly Doc[] = [
  ...[...jsonSchemas()].map(([name, schema]) => ({
    file: `shared/contracts/generated/${name}.generated.json`,
    render: () => json(schema),
  })),
  { file: 'shared/core/generated/features.md', render: featuresPage },
  { file: 'shared/core/generated/state-layout.md', render: layoutPage },
  ...Object.entries(SETTINGS_OF).map(([folder, [name, settings]]) => ({
    file: `${folder}/generated/settings.md`,
    render: () => settingsPage(name, settings),
  })),
  { file: 'shared/contracts/generated/asyncapi.generated.json', render: () => json(asyncApi(CONTRACT_VERSION)) },
]

/** What is in the repository and no longer, or not yet, what the code says. */
export async function staleDocs(): Promise<string[]> {
  const known = new Set(DOCS.map((doc) => doc.file))
  const stale: string[] = []
  for (const { file, render } of DOCS) {
    const written = await readFile(join(ROOT, file), 'utf8').catch(() => undefined)
    if (written !== render()) stale.push(file)
  }
  for (const folder of GENERATED) {
    for (const name of await readdir(join(ROOT, folder)).catch(() => [])) {
      if (!known.has(`${folder}/${name}`)) stale.push(`${folder}/${name}`)
    }
  }
  return stale
}

async function writeDocs(): Promise<void> {
  for (const file of await staleDocs()) {
    const doc = DOCS.find((doc) => doc.file === file)
    const path = join(ROOT, file)
    if (doc === undefined) {
      await rm(path)
    } else {
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, doc.render())
    }
    console.log(`${doc === undefined ? 'deleted' : 'wrote'} ${relative(process.cwd(), path)}`)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeDocs()
