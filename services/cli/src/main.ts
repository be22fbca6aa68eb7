import { explainError } from '@holdfast/platform'
import { CommanderError } from 'commander'
import { coded, EXIT, exitCodeOf } from './errors.ts'
import { createProgram } from './program.ts'

// Whoever reads our output may stop early, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed),
)

const program = createProgram()
for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
  command.exitOverride()
}
try {
  await program.parseAsync()
} catch (thrown) {
  if (thrown instanceof CommanderError) {
    // Commander has said it already.
    process.exitCode = thrown.exitCode === 0 ? EXIT.ok : EXIT.usage
  } else {
    process.stderr.write(`${explainError(coded(thrown))}\n`)
    process.exitCode = exitCodeOf(thrown)
  }
}
