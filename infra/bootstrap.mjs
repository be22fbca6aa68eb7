// What `npm start`, `npm test` and `npm run bench` do first, on a machine with nothing but Node and npm. Imports nothing
// that would have to be installed.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

/** Progress goes to stderr: what a command prints as its result stays alone on stdout. */
export const say = (line) => process.stderr.write(`${line}\n`)

/**
 * Runs a command without a terminal and says, every five seconds, that it still runs. Answers its exit code and output.
 * @returns {Promise<{ code: number | null, output: string }>}
 */
export const run = (what, command, args, { cwd = root, env = process.env } = {}) =>
  new Promise((resolve) => {
    const start = performance.now()
    const seconds = () => Math.round((performance.now() - start) / 1_000)
    const reminder = setInterval(() => say(`… ${what} (${seconds()} s)`), 5_000)
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const finish = (code) => {
      clearInterval(reminder)
      if (seconds() >= 2) say(`${code === 0 ? '✓' : '✗'} ${what}: ${seconds()} s`)
      resolve({ code, output })
    }
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => (output += chunk))
    child.once('error', (error) => {
      output += error.message
      finish(null)
    })
    child.once('close', finish)
  })

export const lastLines = (text, lines = 30) => text.trimEnd().split('\n').slice(-lines).join('\n')

/** Ends the process with a message for the person who typed the command. */
export const fail = (message) => {
  say(message)
  process.exit(1)
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const stampFile = join(root, 'node_modules', '.holdfast-install')

/** Changes with the lock file, the version of Node and the kind of machine: each wants another node_modules. */
const installStamp = () => {
  const lock = readFileSync(join(root, 'package-lock.json'))
  const workspaces = readFileSync(join(root, 'package.json'))
  return createHash('sha256')
    .update(lock)
    .update(workspaces)
    .update(`${process.version} ${process.platform} ${process.arch}`)
    .digest('hex')
}

const isInstalled = () => existsSync(stampFile) && readFileSync(stampFile, 'utf8') === installStamp()

/** `npm ci`, unless the last one here was for the same lock file and the same Node. */
export const installPackages = async () => {
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(`Node ${process.versions.node} is too old: 20.19 or later is needed`)
  }
  if (isInstalled()) return
  say('installing the packages that package-lock.json names (npm ci)')
  const { code, output } = await run('npm ci', 'npm', ['ci', '--ignore-scripts', '--no-progress'])
  if (code !== 0) fail(`npm ci failed:\n${lastLines(output)}`)
  await installNativeTensorflow()
  writeFileSync(stampFile, installStamp())
}

/** Optional: without it the scorer uses WebAssembly. */
const installNativeTensorflow = async () => {
  const { restoreFromCache } = await import('./native-tensorflow.mjs')
  if (await restoreFromCache()) {
    say('native TensorFlow: restored from .holdfast/cache')
    return
  }
  const { code } = await run('native TensorFlow (npm rebuild)', 'npm', ['rebuild', '@tensorflow/tfjs-node'])
  if (code === 0) say('native TensorFlow: installed')
  else {
    say('native TensorFlow could not be downloaded; the scorer will use WebAssembly instead.')
    say('To build it: node infra/native-tensorflow.mjs')
  }
}

const build = async () => {
  const turbo = join(root, 'node_modules', '.bin', 'turbo')
  const args = ['run', 'build', '--output-logs=errors-only']
  const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1' }
  const { code, output } = await run('turbo run build', turbo, args, { env })
  if (code !== 0) fail(`the build failed:\n${lastLines(output, 60)}`)
}

/** Installs and builds what is not installed and built yet; right after the last time it takes a fraction of a second. */
export const bootstrap = async () => {
  await installPackages()
  await build()
}

/** Linux can end a child whose parent was killed without a chance to pass anything on. */
const endWithParent = existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'TERM', '--'] : []

/**
 * Runs a command in the foreground and answers its exit code (128 + n when signal n ended it). It has a process group of
 * its own, so that Ctrl-C, which the terminal sends to the whole group and npm then passes on once more, reaches it
 * exactly once: from here.
 * @returns {Promise<number>}
 */
export const runForeground = (command, args, { env = process.env } = {}) =>
  new Promise((resolve) => {
    const [file, ...fullArgs] = [...endWithParent, command, ...args]
    const child = spawn(file, fullArgs, { cwd: root, env, stdio: 'inherit', detached: true })
    let forwarded = false
    const forward = (signal) => {
      if (forwarded) return
      forwarded = true
      child.kill(signal)
    }
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
    for (const signal of signals) process.on(signal, forward)
    child.once('error', (error) => fail(`cannot run ${command}: ${error.message}`))
    child.once('close', (code, signal) => {
      for (const name of signals) process.off(name, forward)
      resolve(code ?? 128 + (signal === 'SIGINT' ? 2 : 15))
    })
  })
