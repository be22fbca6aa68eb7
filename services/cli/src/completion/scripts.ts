import { type CompletionNode, everyNode } from './tree.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** The text that the shell has to read to complete the commands of the tree. */
export function completionScript(shell: Shell, tree: CompletionNode): string {
  return { bash, zsh, fish }[shell](tree)
}

/** For single quotes in any of the three. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

function wordsOf({ commands, options }: CompletionNode): string {
  return [...commands.map(({ name }) => name), ...options.map(({ flag }) => flag)].join(' ')
}

/** Walks from the program down as far as the words before the cursor are commands; then offers what may follow. */
function bash(tree: CompletionNode): string {
  const nodes = everyNode(tree)
  const offers = nodes.map((node) => `    ${quoted(node.path)}) words=${quoted(wordsOf(node))} ;;`)
  const known = nodes.slice(1).map(({ path }) => quoted(path))
  const values = nodes.flatMap((node) =>
    node.options
      .filter(({ value }) => value !== 'none')
      .map(
        ({ flag, value }) =>
          `    ${quoted(`${node.path} ${flag}`)}) ${value === 'file' ? 'files' : 'nothing'}; return ;;`,
      ),
  )
  return `# bash completion for holdfast: source <(holdfast completion bash)
_holdfast() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" at='${tree.name}' words='' i
  files() { COMPREPLY=($(compgen -f -- "$current")); compopt -o filenames 2>/dev/null; }
  nothing() { COMPREPLY=(); }
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at \${COMP_WORDS[i]}" in
    ${known.join('|')}) at="$at \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at $previous" in
${values.join('\n')}
  esac
  case "$at" in
${offers.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  # Arguments are customers, rows and files: what the shell knows of them is files.
  if [[ \${#COMPREPLY[@]} -eq 0 && "$current" != -* ]]; then files; fi
}
complete -F _holdfast holdfast
`
}

function zsh(tree: CompletionNode): string {
  const plain = (text: string) => text.replaceAll(/[\\:[\]]/g, '\\$&')
  const cases = everyNode(tree).map((node) => {
    const commands = node.commands.map(({ name, summary }) => quoted(`${plain(name)}:${plain(summary)}`))
    const options = node.options.map(({ flag, summary }) => quoted(`${plain(flag)}:${plain(summary)}`))
    return `    ${quoted(node.path)}) commands=(${commands.join(' ')}); options=(${options.join(' ')}) ;;`
  })
  const known = everyNode(tree)
    .slice(1)
    .map(({ path }) => quoted(path))
  return `#compdef holdfast
# zsh completion for holdfast: source <(holdfast completion zsh)
_holdfast() {
  local at='${tree.name}' i
  local -a commands options
  for ((i = 2; i < CURRENT; i++)); do
    case "$at \${words[i]}" in
    ${known.join('|')}) at="$at \${words[i]}" ;;
    esac
  done
  case "$at" in
${cases.join('\n')}
  esac
  (( \${#commands} )) && _describe -t commands command commands
  _describe -t options option options
  (( \${#commands} )) || _files
}
(( \${+functions[compdef]} )) && compdef _holdfast holdfast
`
}

function fish(tree: CompletionNode): string {
  const lines = everyNode(tree).flatMap((node) => {
    const [, ...path] = node.path.split(' ')
    const below = node.commands.map(({ name }) => name).join(' ')
    const seen = path.map((name) => `__fish_seen_subcommand_from ${name}`)
    const here = [...seen, ...(below === '' ? [] : [`not __fish_seen_subcommand_from ${below}`])].join('; and ')
    const condition = here === '' ? '' : ` -n ${quoted(here)}`
    return [
      ...node.commands.map(
        ({ name, summary }) => `complete -c holdfast -f${condition} -a ${quoted(name)} -d ${quoted(summary)}`,
      ),
      ...node.options.map(({ flag, summary, value }) => {
        const takes = value === 'none' ? '' : value === 'file' ? ' -r -F' : ' -x'
        return `complete -c holdfast${condition} -l ${flag.replace(/^--/, '')}${takes} -d ${quoted(summary)}`
      }),
    ]
  })
  return `# fish completion for holdfast: holdfast completion fish | source\n${lines.join('\n')}\n`
}
