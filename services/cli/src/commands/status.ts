import type { Command } from 'commander'
import { isNothingRunning } from '../errors.ts'
import { EXIT } from '../exit-codes.ts'
import { print, printJson } from '../output/text.ts'

export function addStatus(program: Command): void {
  program
    .command('status')
    .summary('what is running and where, and how the pipeline is doing')
    .description(
      'Shows brokers, Redis, services with addresses and process ids; customers by band, jobs by queue, records not read ' +
        'yet, appointments overdue, and what waits to leave. Exit code 4 when Kafka or Redis does not answer, 3 when nothing runs.',
    )
    .option('--json', 'print as JSON')
    .option('--url <service>', 'print only where a service answers: gateway, console, receiver …')
    .addHelpText(
      'after',
      `
Examples:
  npx holdfast status
  npx holdfast status --json | jq -r '.kafka.brokers[0]'
  curl "$(npx holdfast status --url console)/v1/metrics/summary"`,
    )
    .action(async ({ json, url }: { json?: true; url?: string }) => {
      const { readRunState } = await import('@holdfast/local')
      if (url !== undefined) {
        const { urlOf } = await import('../status/url-of.ts')
        return print(urlOf(readRunState(), url))
      }
      const { collectStatus } = await import('../status/collect.ts')
      const { statusText } = await import('../status/print.ts')
      const reading = readRunState()
      const status = await collectStatus(reading).catch((thrown: unknown) => {
        // A script wants an answer, not an error, when there is nothing.
        if (!json || !isNothingRunning(thrown)) throw thrown
        printJson({ run: reading.kind, problem: thrown.message })
        process.exitCode = EXIT.nothingRunning
      })
      if (status === undefined) return
      if (json) printJson(status)
      else print(statusText(status))
      if (status.problem !== undefined) process.exitCode = EXIT.unreachable
    })
}
