import { Argument, type Command } from 'commander'
import { completionScript, SHELLS, type Shell } from '../completion/scripts.ts'
import { completionTree } from '../completion/tree.ts'
import { print } from '../output/text.ts'

export function addCompletion(program: Command): void {
  program
    .command('completion')
    .summary('let your shell complete commands and options')
    .description(
      'Prints a script that the shell has to read. It completes "holdfast", which must be on your PATH: npm link puts it there.',
    )
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .addHelpText(
      'after',
      `
Examples:
  source <(holdfast completion bash)          in ~/.bashrc
  source <(holdfast completion zsh)           in ~/.zshrc, after compinit
  holdfast completion fish | source           in ~/.config/fish/config.fish`,
    )
    .action((shell: Shell) => print(completionScript(shell, completionTree(program)).trimEnd()))
}
