#!/usr/bin/env node
import { existsSync } from 'node:fs'

const main = new URL('../dist/holdfast/main.js', import.meta.url)
if (existsSync(main)) {
  await import(main.href)
} else {
  process.stderr.write(
    'holdfast is not built yet: "npm start" builds and starts everything, "npm run build" only builds.\n',
  )
  process.exitCode = 1
}
