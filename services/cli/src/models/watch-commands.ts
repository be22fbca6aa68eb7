import type { Command } from 'commander'
import { print, printJson } from '../output/text.ts'

interface WatchCommandOptions {
  readonly now?: true
  readonly json?: true
}

const NOW = 'watch the champion now, instead of asking what the last watch found'

export function addDrift(models: Command): void {
  models
    .command('drift')
    .description(
      'How far the customers have moved from those that the champion learned from: population stability index of the score ' +
        'and of each feature, over a sample. Below 0.1 usually nothing, above 0.25 another population. The trainer measures it ' +
        'again and again.',
    )
    .option('--now', NOW)
    .option('--json', 'print all features as JSON')
    .addHelpText('after', '\nExamples:\n  npx holdfast models drift\n  npx holdfast models drift --now --json')
    .action(async (options: WatchCommandOptions) => {
      const { readDrift } = await import('./read-watch.ts')
      const { driftText } = await import('./print-watch.ts')
      const found = await readDrift(options.now === true)
      if (options.json) printJson(found)
      else print(driftText(found))
    })
}

export function addOutcomes(models: Command): void {
  models
    .command('outcomes')
    .description(
      'What became of predictions: once a day the trainer takes down what the champion says of a sample of customers, and when ' +
        'the horizon has passed, whether they bought. AUC, log loss, Brier score and calibration error, by model and by cohort.',
    )
    .option('--now', `${NOW}; judges what can be judged`)
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExamples:\n  npx holdfast models outcomes\n  npx holdfast models outcomes --json')
    .action(async (options: WatchCommandOptions) => {
      const { readOutcomes } = await import('./read-watch.ts')
      const { outcomesText } = await import('./print-watch.ts')
      const found = await readOutcomes(options.now === true)
      if (options.json) printJson(found)
      else print(outcomesText(found))
    })
}
