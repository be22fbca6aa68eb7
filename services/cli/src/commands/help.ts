import type { Command } from 'commander'
import { usageError } from '../errors.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { print, printJson, table } from '../output/text.ts'

const EXIT_CODES_TOPIC = 'exit-codes'

export function addHelp(program: Command): void {
  program
    .command('help')
    .summary('help on a command, or on exit codes')
    .description('Shows what a command takes, with examples; or the table of exit codes.')
    .argument('[topic...]', `a command, such as up or "dlq replay"; or ${EXIT_CODES_TOPIC}`)
    .option('--json', `print as JSON (${EXIT_CODES_TOPIC} only)`)
    .addHelpText(
      'after',
      '\nExamples:\n  npx holdfast help dlq replay\n  npx holdfast help exit-codes\n  npx holdfast help exit-codes --json',
    )
    .action((topic: readonly string[], { json }: { json?: true }) => {
      if (topic.join(' ') === EXIT_CODES_TOPIC) return json ? printJson(EXIT_CODES) : print(exitCodesText())
      if (json) throw usageError(`--json goes with ${EXIT_CODES_TOPIC}`)
      let command = program
      for (const name of topic) {
        const next = command.commands.find((candidate) => candidate.name() === name)
        if (next === undefined) throw usageError(`there is no command and no topic ${JSON.stringify(topic.join(' '))}`)
        command = next
      }
      command.outputHelp()
    })
}

function exitCodesText(): string {
  return table(EXIT_CODES.map(({ code, means, errors }) => [String(code), means, errors.join(', ')]))
}
