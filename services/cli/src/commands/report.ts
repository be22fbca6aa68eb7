import type { Command } from 'commander'
import { print, printJson } from '../output/text.ts'

export function addReport(program: Command): void {
  program
    .command('report')
    .summary('what happened, week by week')
    .description(
      'Reads the topics and counts for each week of domain time: customers by band at its end, orders, jobs sent, and customers ' +
        'who bought while they were at risk or lapsed. A replay prints this when its log has ended.',
    )
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExamples:\n  npx holdfast report\n  npx holdfast report --json | jq .totals')
    .action(async ({ json }: { json?: true }) => {
      const { withInstallation } = await import('../installation.ts')
      const { readReport } = await import('../report/read-report.ts')
      const { reportText } = await import('../report/print.ts')
      const report = await withInstallation(readReport)
      if (json) printJson(report)
      else print(reportText(report))
    })
}
