import { explainError } from '@holdfast/platform'
import { CommanderError } from 'commander'
import { coded, exitCodeOf } from './errors.ts'
import { EXIT } from './exit-codes.ts'
import { coloursFor } from './output/colour.ts'
import { createProgram, everyCommand } from './program.ts'

// Whoever reads our output may stop early, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed),
)

const program = await createProgram(process.argv[2])
for (const command of everyCommand(program)) command.exitOverride()
try {
  await program.parseAsync()
} catch (thrown) {
  if (thrown instanceof CommanderError) {
    // Commander has said it already.
    process.exitCode = thrown.exitCode === 0 ? EXIT.ok : EXIT.usage
  } else {
    const [first = '', ...rest] = explainError(coded(thrown)).split('\n')
    process.stderr.write(`${[coloursFor(process.stderr).red(first), ...rest].join('\n')}\n`)
    process.exitCode = exitCodeOf(thrown)
  }
}
