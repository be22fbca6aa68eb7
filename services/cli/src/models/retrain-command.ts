import type { Command } from 'commander'
import { note, print, printJson } from '../output/text.ts'

interface RetrainOptions {
  readonly wait?: true
  readonly json?: true
}

export function addRetrain(models: Command): void {
  models
    .command('retrain')
    .description(
      'Asks the trainer for a new version now, learned from the topics and held against the champion, as its schedule and drift ' +
        'do by themselves. A version that passes is proposed; it becomes the champion by "models promote", or at once where the ' +
        'trainer runs with AUTO_PROMOTE=true. While one that was asked for is not finished, that one is meant.',
    )
    .option('--wait', 'until it has ended; exit code 1 unless a version passed')
    .option('--json', 'print the job, or what came of it, as JSON')
    .addHelpText('after', '\nExamples:\n  npx holdfast models retrain --wait\n  npx holdfast models list')
    .action(async ({ wait, json }: RetrainOptions) => {
      const { retrain } = await import('./retrain.ts')
      const { outcomeText } = await import('./print-retraining.ts')
      const { job, outcome, failure } = await retrain(wait === true, note)
      if (json) printJson(outcome ?? { job })
      else print(outcome === undefined ? job : outcomeText(outcome))
      if (failure !== undefined) throw failure
    })
}
