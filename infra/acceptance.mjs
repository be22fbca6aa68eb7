// `npm run acceptance`: everything that is needed, then the tests that show what was promised, and what became of each promise.
import { bootstrap, runForeground } from './bootstrap.mjs'

await bootstrap()
const { ensureInstalled } = await import('./local/dist/index.js')
await ensureInstalled(['java', 'maven', 'redis-server', 'kcat'])
process.exitCode = await runForeground(process.execPath, [
  '--conditions=source',
  '--import',
  'tsx',
  'test/acceptance/main.ts',
  ...process.argv.slice(2),
])
