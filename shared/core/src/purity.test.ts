import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const PACKAGE = fileURLToPath(new URL('..', import.meta.url))

const sources = readdirSync(`${PACKAGE}src`, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.startsWith('oracle/'))
  .map((path) => ({ path, code: withoutComments(readFileSync(`${PACKAGE}src/${path}`, 'utf8')) }))

/** Good enough for our own files: none has a comment sign inside a text. */
function withoutComments(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '')
}

const found = (pattern: RegExp): string[] =>
  sources.flatMap(({ path, code }) => [...code.matchAll(pattern)].map(([text]) => `${path}: ${text}`))

test('the core is not empty, so that the tests below can fail', () => {
  expect(sources.length).toBeGreaterThan(15)
})

test('the core imports nothing but itself, and not its oracle', () => {
  const specifiers = sources.flatMap(({ path, code }) =>
    [...code.matchAll(/(?:from|import|require)\s*\(?\s*['"]([^'"]+)['"]/g)].map((match) => `${path}: ${match[1]}`),
  )
  expect(specifiers.length).toBeGreaterThan(30)
  expect(specifiers.filter((specifier) => !/: \.\.?\/[\w./-]+\.ts$/.test(specifier))).toEqual([])
  expect(specifiers.filter((specifier) => specifier.includes('/oracle/'))).toEqual([])
})

test('the core has no clock, no chance, no output and no surroundings', () => {
  expect(
    found(
      /\b(?:Date\b|Math\.random|process\b|console\b|performance\b|crypto\b|globalThis\b|setTimeout|setInterval|setImmediate|queueMicrotask|fetch\s*\(|async\b|await\b|Promise\b|Buffer\b|Intl\b)/g,
    ),
  ).toEqual([])
})

test('the core depends on no package', () => {
  const manifest: unknown = JSON.parse(readFileSync(`${PACKAGE}package.json`, 'utf8'))
  for (const kind of ['dependencies', 'peerDependencies', 'optionalDependencies']) {
    expect(manifest).not.toHaveProperty(kind)
  }
})

test('the core compiles without the types of Node or the DOM', { timeout: 60_000 }, () => {
  const config: unknown = JSON.parse(readFileSync(`${PACKAGE}tsconfig.json`, 'utf8'))
  expect(config).toMatchObject({ compilerOptions: { types: [] } })
  execFileSync('npx', ['tsc', '-p', PACKAGE, '--noEmit'], { stdio: 'pipe' })
})
