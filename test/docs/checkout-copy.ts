import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { repositoryRoot } from '@holdfast/local'

/** Not copied: what belongs to one checkout only, and what is linked instead. */
const LEFT_OUT = ['.git', '.holdfast', 'node_modules', '.turbo', 'coverage']

export interface CheckoutCopy {
  readonly dir: string
  remove(): void
}

/** The checkout as it is, installed and built, in a folder where commands may write what they like. */
export function copyCheckout(): CheckoutCopy {
  const root = repositoryRoot()
  const dir = join(mkdtempSync(join(tmpdir(), 'holdfast-manual-')), 'holdfast')
  cpSync(root, dir, { recursive: true, filter: (path) => !LEFT_OUT.includes(basename(path)) })
  for (const folder of packageFolders(root)) {
    const to = join(dir, relative(root, folder))
    mkdirSync(dirname(to), { recursive: true })
    // Packages are half a gigabyte and nobody writes to them: links do, where the file system lets us.
    const linked = spawnSync('cp', ['-a', '-l', folder, to], { stdio: 'ignore' })
    if (linked.status !== 0) {
      rmSync(to, { recursive: true, force: true })
      execFileSync('cp', ['-a', folder, to])
    }
  }
  return { dir, remove: () => rmSync(dirname(dir), { recursive: true, force: true }) }
}

/** The node_modules of the top level and of each workspace that has one. */
function packageFolders(root: string): readonly string[] {
  const parents = ['services', 'shared', 'infra'].flatMap((group) =>
    readdirSync(join(root, group), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(root, group, name)),
  )
  return [root, ...parents].map((parent) => join(parent, 'node_modules')).filter((folder) => existsSync(folder))
}
