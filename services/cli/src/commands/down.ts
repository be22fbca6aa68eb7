import type { Command } from 'commander'
import { print, printJson } from '../output/text.ts'

const SAYS = {
  none: 'nothing was running',
  running: 'stopped',
  stale: 'the last run had ended without cleaning up; what was left of it is stopped',
} as const

export function addDown(program: Command): void {
  program
    .command('down')
    .summary('stop what `up` started')
    .description(
      'Stops everything that `npx holdfast up` started in this checkout, in reverse order. Data stays, so that the next ' +
        'start goes on where this one ended. Kafka and Redis that the environment named run on.',
    )
    .option('--json', 'print what was found as JSON: running, stale or none')
    .addHelpText('after', '\nExamples:\n  npx holdfast down\n  npx holdfast down --json')
    .action(async ({ json }: { json?: true }) => {
      const { stopRun } = await import('@holdfast/local')
      const found = await stopRun()
      if (json) printJson({ found })
      else print(SAYS[found])
    })
}
