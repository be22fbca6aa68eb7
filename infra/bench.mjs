// `npm run bench`: everything that is needed, then the measurements. They run on what was built, like `npm start`.
import { bootstrap, runForeground } from './bootstrap.mjs'

await bootstrap()
const { ensureInstalled } = await import('./local/dist/index.js')
await ensureInstalled(['java', 'maven', 'redis-server', 'kcat'])
process.exitCode = await runForeground(process.execPath, [
  '--import',
  'tsx',
  'test/bench/main.ts',
  ...process.argv.slice(2),
])
