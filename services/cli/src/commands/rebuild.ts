import type { Command } from 'commander'
import { plural, print, printJson } from '../output/text.ts'

export function addRebuild(program: Command): void {
  program
    .command('rebuild')
    .summary('fold the whole log anew, beside the running pipeline')
    .description(
      'Replays the topics from their beginning into fresh keys, and turns each shard to them once it has caught up. The ' +
        'pipeline goes on meanwhile: what flows in is folded by both, and what the old keys have not sent yet is carried over. ' +
        'Run it after a change of the fold, or when Redis was lost.',
    )
    .option('--json', 'print the summary as JSON')
    .addHelpText('after', '\nExample:\n  npx holdfast rebuild\n')
    .action(async ({ json }: { json?: true }) => {
      const { rebuild, RISK_WORKER_SETTINGS } = await import('@holdfast/risk-worker')
      const { createLogger, readConfig } = await import('@holdfast/platform')
      const { locate } = await import('../installation.ts')
      const { workerEnv } = await import('../config.ts')
      const { progressBar } = await import('../output/progress-bar.ts')
      const config = readConfig(RISK_WORKER_SETTINGS, workerEnv(locate()))
      const log = createLogger({ service: 'rebuild', level: 'warn', pretty: true, destination: process.stderr })
      const bar = progressBar('records')
      const report = await rebuild(config, log, ({ done, total }) =>
        bar.update(total === 0 ? 1 : done / total, done),
      ).finally(() => bar.end())
      const perSecond = report.seconds === 0 ? 0 : Math.round(report.records / report.seconds)
      if (json) printJson({ ...report, perSecond })
      else {
        print(
          `${plural(report.records, 'record')} folded anew in ${report.seconds.toFixed(1)} s (${perSecond} a second); ` +
            `the shards now stand on generation ${report.generation}`,
        )
      }
    })
}
