/** What becomes of a block of commands in the tests. */
export type Fate =
  /** `<!-- run with: ../shared/data/log.csv, other.csv -->`: where these files are, seen from the checkout; they lie in the working folder then. */
  | { readonly kind: 'run'; readonly files?: readonly string[] }
  /** Nothing but `NAME=value`: the names must be those of settings. */
  | { readonly kind: 'settings'; readonly names: readonly string[] }
  /** `<!-- run by: test/… › its name -->`: another test types these commands. */
  | { readonly kind: 'run by'; readonly file: string; readonly test?: string }
  /** `<!-- not run: why -->` */
  | { readonly kind: 'not run'; readonly reason: string }

/** A fenced block of a page. */
export interface Block {
  readonly page: string
  /** Of the opening fence, from 1 on. */
  readonly line: number
  /** What stands behind the opening fence; empty where nothing does. */
  readonly language: string
  readonly text: string
  /** Of blocks in the language of a shell. */
  readonly fate?: Fate
}

const SHELLS = ['sh', 'bash', 'shell', 'console', 'zsh']
const FENCE = /^( *)(`{3,}|~{3,})\s*(\S*)/
const MARK = /^<!--\s*(not run|run by|run with):\s*(.+?)\s*-->$/

/** Every fenced block of a page, in order, with the mark that stands before it. @throws Error for one that is never closed */
export function blocksOf(page: string, markdown: string): readonly Block[] {
  const blocks: Block[] = []
  const lines = markdown.split(/\r?\n/)
  let lastSaid = ''
  for (let i = 0; i < lines.length; i++) {
    const opening = FENCE.exec(lines[i] ?? '')
    if (opening === null) {
      if (lines[i]?.trim()) lastSaid = lines[i]?.trim() ?? ''
      continue
    }
    const [, indent = '', fence = '', language = ''] = opening
    const isEnd = (line: string) => line.trim().startsWith(fence) && line.trim().replaceAll(fence[0] ?? '', '') === ''
    const end = lines.findIndex((line, j) => j > i && isEnd(line))
    if (end < 0) throw new Error(`${page}:${i + 1}: this block is never closed`)
    const text = lines.slice(i + 1, end).map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
    const block = { page, line: i + 1, language, text: text.join('\n') }
    blocks.push(SHELLS.includes(language) ? { ...block, fate: fateOf(block.text, lastSaid) } : block)
    lastSaid = ''
    i = end
  }
  return blocks
}

function fateOf(text: string, lineBefore: string): Fate {
  const [, mark, said = ''] = MARK.exec(lineBefore) ?? []
  if (mark === 'not run') return { kind: 'not run', reason: said }
  if (mark === 'run by') {
    const [file = '', ...test] = said.split(' › ')
    return { kind: 'run by', file, ...(test.length > 0 && { test: test.join(' › ') }) }
  }
  if (mark === 'run with') return { kind: 'run', files: said.split(/,\s*/) }
  const names = settingsIn(text)
  return names === undefined ? { kind: 'run' } : { kind: 'settings', names }
}

const SETTINGS = /^(?:[A-Z][A-Z0-9_]*=\S*\s*)+(?:#.*)?$/

/** Names of the variables where a block says nothing else. */
function settingsIn(text: string): readonly string[] | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('#'))
  if (lines.length === 0 || !lines.every((line) => SETTINGS.test(line.trim()))) return undefined
  return lines.flatMap((line) =>
    [...line.replace(/\s#.*$/, '').matchAll(/(?:^|\s)([A-Z][A-Z0-9_]*)=/g)].map(([, name = '']) => name),
  )
}
