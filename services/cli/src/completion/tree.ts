import type { Command } from 'commander'

/** What may follow a command, as shells need it. */
export interface CompletionNode {
  /** From the program on: `holdfast dlq replay`. */
  readonly path: string
  readonly name: string
  readonly summary: string
  readonly options: readonly CompletionOption[]
  readonly commands: readonly CompletionNode[]
}

export interface CompletionOption {
  /** `--json`. */
  readonly flag: string
  readonly summary: string
  /** `path` and `file` are completed by the shell. */
  readonly value: 'none' | 'file' | 'text'
}

/** The tree of a program: whatever commander knows of, nothing written twice. */
export function completionTree(command: Command, above = ''): CompletionNode {
  const path = above === '' ? command.name() : `${above} ${command.name()}`
  const options = command.options
    .filter(({ hidden }) => !hidden)
    .map(({ long, short, description, flags, required, optional }) => ({
      flag: long ?? short ?? flags,
      summary: description,
      value: required || optional ? (/<(path|file|src)/.test(flags) ? 'file' : 'text') : 'none',
    })) satisfies CompletionOption[]
  return {
    path,
    name: command.name(),
    summary: command.summary() || command.description(),
    options: [...options, { flag: '--help', summary: 'display help for command', value: 'none' }],
    commands: command.commands.map((sub) => completionTree(sub, path)),
  }
}

export function everyNode(node: CompletionNode): CompletionNode[] {
  return [node, ...node.commands.flatMap(everyNode)]
}
