import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { asyncApi, jsonSchemas } from '@holdfast/contracts'

/** Documents made of code. `npm run docs` writes them; a test fails while one is stale. */

export interface Doc {
  /** From the root of the repository. */
  readonly file: string
  render(): string
}

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Folders that hold nothing else: what no document names is deleted there. */
const GENERATED = ['shared/contracts/generated']

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`
const CONTRACT_VERSION = '1.0.0'

export const DOCS: readonly Doc[] = [
  ...[...jsonSchemas()].map(([name, schema]) => ({
    file: `shared/contracts/generated/${name}.generated.json`,
    render: () => json(schema),
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
