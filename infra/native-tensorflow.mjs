// Makes @tensorflow/tfjs-node's native backend work, also where its install script cannot download its library:
// then its binding is built against the same library from the Python package `tensorflow-cpu`.
//
//   node infra/native-tensorflow.mjs    ends with "native TensorFlow: backend tensorflow", or exit code 1
//
// What was built stays under .holdfast/cache/native-tensorflow, because `npm ci` empties node_modules.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { lastLines, root, run, say } from './bootstrap.mjs'

/** Its libtensorflow_cc.so.2 has the whole C API and, unlike that of earlier wheels, no Python symbols. */
const wheel = 'tensorflow-cpu==2.12.1'
/** The binding speaks Node-API, so one build serves every version of Node on the same kind of machine. */
const cache = join(
  root,
  '.holdfast',
  'cache',
  'native-tensorflow',
  `${wheel.replace('==', '-')}-${process.platform}-${process.arch}`,
)
const tfjsNode = join(root, 'node_modules', '@tensorflow', 'tfjs-node')

/**
 * Puts a cached build back into node_modules: the binding is copied, the library (half a gigabyte) linked to. Answers
 * whether there was one.
 */
export const restoreFromCache = async () => {
  if (!existsSync(join(cache, 'lib')) || !existsSync(tfjsNode)) return false
  for (const part of ['deps', 'lib']) rmSync(join(tfjsNode, part), { recursive: true, force: true })
  symlinkSync(join(cache, 'deps'), join(tfjsNode, 'deps'), 'dir')
  cpSync(join(cache, 'lib'), join(tfjsNode, 'lib'), { recursive: true })
  return true
}

const restoreOrThrow = async () => {
  if (!(await restoreFromCache())) throw new Error('nothing cached yet')
}

/** Loads it in a process of its own, since a wrong library can end a process, and multiplies two matrices. */
const verify = async () => {
  const script = `
    const util = require('node:util')
    util.isNullOrUndefined ??= (value) => value === null || value === undefined
    util.isArray ??= Array.isArray
    const tf = require('@tensorflow/tfjs-node')
    const [product] = tf.matMul([[2, 3]], [[5], [7]]).dataSync()
    if (product !== 31) throw new Error('2·5 + 3·7 came out as ' + product)
    console.log('backend=' + tf.getBackend())`
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' }
  const { code, output } = await run('loading native TensorFlow', process.execPath, ['-e', script], { env })
  return { works: code === 0 && output.includes('backend=tensorflow'), output }
}

const attempt = async (what, command, args, options) => {
  const { code, output } = await run(what, command, args, options)
  if (code !== 0) throw new Error(`${what} failed:\n${lastLines(output, 40)}`)
  return output
}

/** Only what the binding needs: of 900 MB, the two libraries and the C headers. */
const extractScript = `
import sys, zipfile
archive, target = sys.argv[1:]
wanted = ('tensorflow/include/tensorflow/c/', 'tensorflow/include/tensorflow/tsl/',
          'tensorflow/include/tensorflow/core/platform/ctstring')
libraries = ('tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2')
with zipfile.ZipFile(archive) as wheel:
    for name in wheel.namelist():
        if name.startswith(wanted) or name in libraries:
            wheel.extract(name, target)
`

const stageLibrary = async (work) => {
  say(`downloading ${wheel} with pip (232 MB)`)
  await attempt('pip download', 'python3', [
    ...['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', `--dest=${work}`],
    // Wheels are made per Python; ours only serves as an archive, so any will do on any Python here.
    ...['--python-version=3.10', '--platform=manylinux2014_x86_64', wheel],
  ])
  const archive = readdirSync(work).find((name) => name.endsWith('.whl'))
  if (!archive) throw new Error(`pip left no wheel in ${work}`)
  await attempt('extracting the library', 'python3', ['-c', extractScript, join(work, archive), work])
  const deps = join(work, 'staged', 'deps')
  mkdirSync(join(deps, 'lib'), { recursive: true })
  renameSync(join(work, 'tensorflow', 'include'), join(deps, 'include'))
  for (const [file, linkerName] of [
    ['libtensorflow_cc.so.2', 'libtensorflow.so'],
    ['libtensorflow_framework.so.2', 'libtensorflow_framework.so'],
  ]) {
    renameSync(join(work, 'tensorflow', file), join(deps, 'lib', file))
    symlinkSync(file, join(deps, 'lib', linkerName))
  }
  return deps
}

/** node-gyp is told by environment alone: npm sets that in scripts, and this is none. */
const compilerEnv = async () => {
  const npm = async (...args) => lastLines((await run(`npm ${args[0]}`, 'npm', args)).output, 1).trim()
  const configured = await npm('config', 'get', 'nodedir', '--loglevel=error')
  const besideNode = resolve(dirname(process.execPath), '..')
  const nodedir = [configured, besideNode].find((dir) => existsSync(join(dir, 'include', 'node', 'node_api.h')))
  const bundled = join(
    await npm('root', '--global', '--loglevel=error'),
    'npm',
    'node_modules',
    'node-gyp',
    'bin',
    'node-gyp.js',
  )
  return {
    ...process.env,
    ...(nodedir && { npm_config_nodedir: nodedir }),
    ...(existsSync(bundled) && { npm_config_node_gyp: bundled }),
    PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH}`,
  }
}

const buildFromWheel = async () => {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`there is a recipe for linux x64 only, not for ${process.platform} ${process.arch}`)
  }
  const { ensureInstalled } = await import('./local/dist/index.js')
  await ensureInstalled(['python3', 'pip', 'g++', 'make'])
  mkdirSync(dirname(cache), { recursive: true })
  const work = mkdtempSync(join(dirname(cache), 'partial-'))
  try {
    const deps = await stageLibrary(work)
    for (const part of ['deps', 'lib', 'build']) rmSync(join(tfjsNode, part), { recursive: true, force: true })
    symlinkSync(deps, join(tfjsNode, 'deps'), 'dir')
    await attempt('compiling the binding', 'node-pre-gyp', ['install', '--build-from-source'], {
      cwd: tfjsNode,
      env: await compilerEnv(),
    })
    renameSync(join(tfjsNode, 'lib'), join(work, 'staged', 'lib'))
    rmSync(join(tfjsNode, 'build'), { recursive: true, force: true })
    rmSync(cache, { recursive: true, force: true })
    renameSync(join(work, 'staged'), cache)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  await restoreFromCache()
}

/** The line that tells most in what a failed command wrote. */
const reasonIn = (output) => {
  const lines = output.split('\n').map((line) => line.replace(/^npm error /, '').trim())
  return lines.find((line) => /^([A-Z]\w*)?Error: /.test(line)) ?? lastLines(output, 1)
}

const main = async () => {
  if (!existsSync(tfjsNode)) throw new Error('@tensorflow/tfjs-node is not installed: npm ci --ignore-scripts')
  const ways = [
    ['as it is', async () => {}],
    ['from the cache', restoreOrThrow],
    ['by its own install script', () => attempt('npm rebuild', 'npm', ['rebuild', '@tensorflow/tfjs-node'])],
    [`built against the library of ${wheel}`, buildFromWheel],
  ]
  for (const [how, make] of ways) {
    const result = await make().then(verify, (error) => ({ works: false, output: error.message }))
    if (result.works) {
      const { version } = JSON.parse(readFileSync(join(tfjsNode, 'package.json'), 'utf8'))
      process.stdout.write(`native TensorFlow: backend tensorflow, tfjs-node ${version}, ${how}\n`)
      return
    }
    say(`native TensorFlow ${how}: no (${reasonIn(result.output)})`)
  }
  throw new Error('native TensorFlow: NOT AVAILABLE on this machine; the scorer uses WebAssembly')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main().catch((error) => {
    process.stdout.write(`${error.message}\n`)
    process.exitCode = 1
  })
}
