import type { Command } from 'commander'
import { print } from '../output/text.ts'

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
    .action(async () => {
      const { stopRun } = await import('@holdfast/local')
      print(SAYS[await stopRun()])
    })
}
