import { execFileSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { createProgram } from '../program.ts'
import { completionScript, SHELLS } from './scripts.ts'
import { type CompletionNode, completionTree, everyNode } from './tree.ts'

let tree: CompletionNode
beforeAll(async () => {
  tree = completionTree(await createProgram())
})

describe('bash itself', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-completion-'))
  writeFileSync(join(folder, 'orders.csv'), '')

  /** What bash would offer for a line; its last word is the one under the cursor. */
  function offered(...line: string[]): string[] {
    const script = join(folder, 'completion.bash')
    writeFileSync(script, completionScript('bash', tree))
    const words = line.map((word) => `'${word}'`).join(' ')
    const ask = `source ${script}; COMP_WORDS=(${words}); COMP_CWORD=${line.length - 1}; _holdfast; printf '%s\\n' "\${COMPREPLY[@]}"`
    const out = execFileSync('bash', ['--norc', '-c', ask], { cwd: folder, encoding: 'utf8' })
    return out.split('\n').filter((word) => word !== '')
  }

  test('offers commands, and those below a command', () => {
    expect(offered('holdfast', '')).toEqual(expect.arrayContaining(['up', 'down', 'status', 'top', 'dlq', '--help']))
    expect(offered('holdfast', 'in')).toEqual(['inspect'])
    expect(offered('holdfast', 'dlq', 're')).toEqual(['resume', 'replay'])
  })

  test('offers the options of the command that was typed, and no other’s', () => {
    expect(offered('holdfast', 'up', '--time')).toEqual(['--timelapse'])
    expect(offered('holdfast', 'dlq', 'replay', '--')).toEqual(expect.arrayContaining(['--all', '--reason', '--json']))
    expect(offered('holdfast', 'inspect', '--time')).toEqual([])
  })

  test('offers files where a path is due, and nothing where only the reader knows', () => {
    expect(offered('holdfast', 'up', '--replay', 'ord')).toEqual(['orders.csv'])
    expect(offered('holdfast', 'import', 'ord')).toEqual(['orders.csv'])
    expect(offered('holdfast', 'up', '--timelapse', '')).toEqual([])
  })
})

test('every command and option is in every script', () => {
  for (const shell of SHELLS) {
    const script = completionScript(shell, tree)
    for (const node of everyNode(tree).slice(1)) {
      expect(script, `${shell}: ${node.path}`).toContain(node.name)
      for (const { flag } of node.options) expect(script, `${shell}: ${node.path} ${flag}`).toContain(flag.slice(2))
    }
  }
})

const has = (shell: string) => {
  try {
    execFileSync(shell, ['-c', 'true'])
    return true
  } catch {
    return false
  }
}

for (const shell of ['zsh', 'fish'] as const) {
  test.skipIf(!has(shell))(`${shell} can read its script`, () => {
    execFileSync(shell, ['-n'], { input: completionScript(shell, tree) })
  })
}
