import type { Command } from 'commander'
import { EXIT } from '../errors.ts'
import { print, printJson } from '../output/text.ts'

export function addStatus(program: Command): void {
  program
    .command('status')
    .summary('what is running and where, and how the pipeline is doing')
    .description(
      'Shows brokers, Redis, services with addresses and process ids; customers by band, jobs by queue, records not read ' +
        'yet, appointments overdue, and what waits to leave. Exit code 1 when Kafka or Redis does not answer.',
    )
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Examples:
  npx holdfast status
  npx holdfast status --json | jq -r '.kafka.brokers[0]'`,
    )
    .action(async ({ json }: { json?: true }) => {
      const { readRunState } = await import('@holdfast/local')
      const { collectStatus } = await import('../status/collect.ts')
      const { statusText } = await import('../status/print.ts')
      const status = await collectStatus(readRunState())
      if (json) printJson(status)
      else print(statusText(status))
      if (status.problem !== undefined) process.exitCode = EXIT.failed
    })
}
