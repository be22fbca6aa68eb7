import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from '@holdfast/local'
import { expect, test } from 'vitest'
import { z } from 'zod'

const root = repositoryRoot()
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const tracked = () => execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).trimEnd().split('\n')

const dependencies = z.record(z.string(), z.string()).default({})
const packageSchema = z.object({
  name: z.string(),
  type: z.string().optional(),
  engines: z.object({ node: z.string() }).optional(),
  workspaces: z.array(z.string()).optional(),
  scripts: z.record(z.string(), z.string()).default({}),
  dependencies,
  devDependencies: dependencies,
  optionalDependencies: dependencies,
})
const readPackage = (folder: string) => packageSchema.parse(JSON.parse(read(join(folder, 'package.json'))))
const workspaces = () =>
  tracked()
    .filter((path) => /^(services|shared|infra)\/[^/]+\/package\.json$/.test(path))
    .map((path) => path.slice(0, -'/package.json'.length))

test('the top level holds the folders that were agreed on, and the usual files', () => {
  const top = [...new Set(tracked().map((path) => path.split('/')[0] ?? ''))]
  expect(top.filter((name) => !name.startsWith('.')).sort()).toEqual(
    [
      'LICENSE',
      'README.md',
      'infra',
      'models',
      'package-lock.json',
      'package.json',
      'services',
      'shared',
      'test',
      'tsconfig.json',
      'turbo.json',
    ].sort(),
  )
})

test('every folder of services and shared is a workspace, and is built by Turborepo', () => {
  expect(readPackage('.').workspaces).toEqual(expect.arrayContaining(['services/*', 'shared/*']))
  expect(readPackage('.').scripts.build).toBe('turbo run build')
  const folders = new Set(
    tracked()
      .filter((path) => /^(services|shared)\/[^/]+\//.test(path))
      .map((path) => path.split('/').slice(0, 2).join('/')),
  )
  expect(workspaces()).toEqual(expect.arrayContaining([...folders]))
  for (const folder of workspaces()) expect(readPackage(folder).scripts.build, folder).toBeDefined()
})

test('no service and nothing shared depends on a service: only the command line does, which runs them', () => {
  const services = workspaces().filter((folder) => folder.startsWith('services/'))
  const names = new Set(services.map((folder) => readPackage(folder).name))
  expect(names.size).toBeGreaterThan(4)
  const bound = workspaces().filter((folder) => /^(services|shared)\//.test(folder) && folder !== 'services/cli')
  const found = bound.flatMap((folder) => {
    const { name, dependencies, devDependencies, optionalDependencies } = readPackage(folder)
    const declared = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies })
    const inFolder = tracked().filter((path) => path.startsWith(`${folder}/src/`) && /\.m?tsx?$/.test(path))
    // All workspaces are linked into one node_modules, so that what is not declared can be imported all the same.
    const imported = inFolder.flatMap((path) => read(path).match(/(?<=['"])@holdfast\/[a-z-]+/g) ?? [])
    const others = [...new Set([...declared, ...imported])].filter((other) => names.has(other) && other !== name)
    return others.map((other) => `${folder} -> ${other}`)
  })
  expect(found).toEqual([])
})

test('TypeScript is strict, all packages are ES modules, Node 20.19 is enough', () => {
  const { compilerOptions } = z
    .object({ compilerOptions: z.record(z.string(), z.unknown()) })
    .parse(JSON.parse(read('tsconfig.json')))
  expect(compilerOptions).toMatchObject({ strict: true, noUncheckedIndexedAccess: true })
  for (const folder of ['.', ...workspaces()]) expect(readPackage(folder).type, folder).toBe('module')
  expect(readPackage('.').engines?.node).toBe('>=20.19')
  expect(tracked().filter((path) => /^(services|shared)\/[^/]+\/src\/.*\.(js|cjs)$/.test(path))).toEqual([])
})

test('the packages that were named are those in use, in current versions', () => {
  const all = ['.', ...workspaces()].map(readPackage)
  const used = Object.assign({}, ...all.map((one) => ({ ...one.devDependencies, ...one.dependencies })))
  const majors = { kafkajs: 2, bullmq: 6, ioredis: 6, zod: 4, pino: 10, vitest: 4 }
  for (const [name, major] of Object.entries(majors)) expect(used[name], name).toMatch(new RegExp(`^\\^?${major}\\.`))
  // Nobody must have it: a failure to install it fails nothing.
  expect(used['@tensorflow/tfjs-node']).toBeUndefined()
  expect(Object.assign({}, ...all.map((one) => one.optionalDependencies))['@tensorflow/tfjs-node']).toMatch(/^4\./)
})

test('.ci/run installs, lints, checks types, builds, makes the native backend, then tests', () => {
  const script = read('.ci/run')
  expect(script).toMatch(/^set -euo pipefail$/m)
  const steps = [
    'rm -rf node_modules',
    'installPackages()',
    'npm run lint',
    'npm run typecheck',
    'npm run build',
    'node infra/native-tensorflow.mjs',
    'exec npm test',
  ]
  const places = steps.map((step) => script.indexOf(step))
  expect(places.every((place) => place >= 0)).toBe(true)
  expect(places).toEqual(places.toSorted((a, b) => a - b))
})

test('npm test leaves out no test file', () => {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const listed = execFileSync(
    process.execPath,
    [vitest, 'list', '--filesOnly', '--json', '--config', 'test/vitest.config.ts'],
    { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  )
  const files = z.array(z.object({ file: z.string() })).parse(JSON.parse(listed))
  const found = new Set(files.map(({ file }) => file.slice(root.length + 1)))
  const written = tracked().filter((path) => /\.test\.m?tsx?$/.test(path))
  expect(written.length).toBeGreaterThan(100)
  expect(written.filter((path) => !found.has(path))).toEqual([])
})
