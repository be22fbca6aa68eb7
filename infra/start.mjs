// `npm start`: everything that is needed, then the pipeline, until Ctrl-C.
import { bootstrap, runForeground } from './bootstrap.mjs'

await bootstrap()
process.exitCode = await runForeground(process.execPath, [
  'services/cli/dist/main.js',
  'up',
  '--foreground',
  ...process.argv.slice(2),
])
