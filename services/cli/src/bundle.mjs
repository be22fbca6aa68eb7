// Puts the command line and those parts of the other packages that it uses into a few files: `holdfast inspect` then loads what
// inspect needs, not every module that some package of ours names in its index. Third parties stay where npm put them.
import { rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const require = createRequire(import.meta.url)
const here = (path) => fileURLToPath(new URL(path, import.meta.url))

/** Third parties of which only a part is used, and that are quicker to load from one file. */
const BUNDLED = new Set(['zod', 'commander', 'ioredis'])

/** Third parties, all of them CommonJS, that are loaded when something of them is first used. */
const WHEN_USED = new Set(['kafkajs', 'pino', 'yaml', 'bullmq', 'snappy', 'lz4-napi', 'fzstd', 'prom-client'])

const PREFIX = '\0when-used:'

/** A stand-in for each thing that the party exports: it becomes the real one when it is called, constructed or looked into. */
const standIns = (party) => {
  const names = Object.keys(require(party)).filter((name) => /^[A-Za-z_$][\w$]*$/.test(name) && name !== 'default')
  return [
    "import { createRequire } from 'node:module'",
    'const require = createRequire(import.meta.url)',
    'const standIn = (real) => new Proxy(function () {}, {',
    '  get: (_, key) => Reflect.get(real(), key),',
    '  apply: (_, self, args) => Reflect.apply(real(), self, args),',
    '  construct: (_, args) => Reflect.construct(real(), args),',
    '})',
    ...names.map((name) => `export const ${name} = /* @__PURE__ */ standIn(() => require('${party}').${name})`),
    `export default /* @__PURE__ */ standIn(() => require('${party}'))`,
  ].join('\n')
}

const bundle = await rolldown({
  input: here('../dist/main.js'),
  platform: 'node',
  external: (id) => !(/^[./\0]/.test(id) || id.startsWith('@holdfast/') || BUNDLED.has(id) || WHEN_USED.has(id)),
  // Our own modules do nothing when they are loaded, so those that nobody uses are left out.
  treeshake: { moduleSideEffects: false },
  plugins: [
    {
      name: 'when-used',
      resolveId: (id) => (WHEN_USED.has(id) ? PREFIX + id : undefined),
      load(id) {
        return id.startsWith(PREFIX) ? standIns(id.slice(PREFIX.length)) : undefined
      },
    },
  ],
})
rmSync(here('../dist/holdfast'), { recursive: true, force: true })
await bundle.write({ dir: here('../dist/holdfast'), format: 'esm', sourcemap: true })
await bundle.close()
