import { type Command, InvalidArgumentError } from 'commander'
import type { GateOptions } from '../models/promote.ts'
import { addRetrain } from '../models/retrain-command.ts'
import { addDrift, addOutcomes } from '../models/watch-commands.ts'
import { note, percent, print, printJson, table } from '../output/text.ts'

interface Json {
  readonly json?: true
}

interface PromoteOptions extends GateOptions, Json {
  readonly asChallenger?: true
  readonly force?: true
}

export function addModels(program: Command): void {
  const models = program
    .command('models')
    .summary('which models there are, which one scores, and which one shall')
    .description(
      'Versions lie in the folder of models; Redis holds the champion, which scores, its predecessors, and a challenger, ' +
        'which scores beside it and decides nothing. Risk-workers and console follow within seconds, without a restart. An ' +
        'installation begins with MODEL_VERSION, else with the newest version of the folder; from then on only "promote" ' +
        'and "rollback" change what scores.',
    )
    .addHelpText(
      'after',
      `
Examples:
  npx holdfast models list
  npx holdfast models compare v2
  npx holdfast models promote v2
  npx holdfast models rollback
  npx holdfast models drift`,
    )

  models
    .command('list')
    .description('Every version of the folder, and what Redis holds.')
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExample:\n  npx holdfast models list')
    .action(async ({ json }: Json) => {
      const { withRegistry } = await import('../models/registry.ts')
      const { listModels } = await import('../models/list.ts')
      const { openWithout, readRetraining } = await import('../models/read-retraining.ts')
      const { retrainingText } = await import('../models/print-retraining.ts')
      const { listed, record } = await withRegistry(async (registry) => ({
        listed: await listModels(registry),
        record: await readRetraining(registry),
      }))
      if (json) return printJson({ models: listed, retraining: openWithout(record) })
      if (listed.length === 0) return print('no models; train one: npx holdfast train')
      const head = ['version', 'role', 'created', 'learned from', 'AUC', 'log loss', 'promoted', 'stored in']
      const rows = listed.map((m) => [
        m.version,
        m.roles.join(', ') || '-',
        m.createdAt?.slice(0, 10) ?? '-',
        m.learnedFrom ?? '-',
        m.auc?.toFixed(4) ?? '-',
        m.logLoss?.toFixed(4) ?? '-',
        m.promotedAt?.slice(0, 19).replace('T', ' ') ?? '-',
        m.problem === null ? m.where.join(', ') : `${m.where.join(', ')}; CANNOT BE USED: ${m.problem}`,
      ])
      print(table([head, ...rows]))
      const retrained = retrainingText(record)
      if (retrained !== '') print(`\n${retrained}`)
    })

  models
    .command('show')
    .description('One model: what it learned from, how good it was then, and what is done with it.')
    .argument('<version>', 'a version of the folder or of Redis, or the path of a folder')
    .option('--json', 'print role and manifest as JSON')
    .addHelpText('after', '\nExample:\n  npx holdfast models show v1')
    .action(async (version: string, { json }: Json) => {
      const { rolesOf, withRegistry } = await import('../models/registry.ts')
      const { readRetraining } = await import('../models/read-retraining.ts')
      const { outcomeText } = await import('../models/print-retraining.ts')
      const { manifest, digest, roles, retraining } = await withRegistry(async (registry) => {
        const model = await registry.open(version)
        const { outcomes } = await readRetraining(registry)
        const retraining = outcomes.find(({ candidate }) => candidate?.digest === model.digest)
        return { ...model, roles: rolesOf(registry.pointers, model.digest), retraining }
      })
      if (json) return printJson({ roles, digest, manifest, retraining: retraining ?? null })
      const { metrics, thresholds, trainingCutoffs } = manifest
      print(
        table([
          ['version', manifest.version],
          ['role', roles.join(', ') || 'none'],
          ['created', manifest.createdAt],
          [
            'learned from',
            `${manifest.learnedFrom}, ${trainingCutoffs.length} cutoffs up to ${trainingCutoffs.at(-1)}`,
          ],
          ['horizon', `${manifest.horizonDays} days`],
          ['feature table', `${manifest.featureTableVersion}, ${manifest.features.length} features`],
          ['measured on', `${metrics.n} customers, ${percent(metrics.baseRate)} of them churned`],
          ['AUC, log loss, Brier', [metrics.auc, metrics.logLoss, metrics.brier].map((m) => m.toFixed(4)).join(', ')],
          ['logits of watch, at risk', `${thresholds.watchLogit.toFixed(3)}, ${thresholds.atRiskLogit.toFixed(3)}`],
          ['SHA-256', digest],
        ]),
      )
      if (retraining !== undefined) print(`retrained ${outcomeText(retraining)}`)
    })

  gateOptions(models.command('compare'))
    .description(
      'Holds a model against the champion, or another, on the newest customers of whom it is known what came.',
    )
    .argument('<version>', 'the candidate: a version, or the path of a folder')
    .argument('[other]', 'what it is held against (default: the champion)')
    .addHelpText('after', '\nExample:\n  npx holdfast models compare v2 --events events.ndjson')
    .action(async (version: string, other: string | undefined, options: GateOptions & Json) => {
      const { withRegistry } = await import('../models/registry.ts')
      const { judge, openChampionOf } = await import('../models/promote.ts')
      const { gateText } = await import('../models/print.ts')
      const report = await withRegistry(async (registry) => {
        const against = other === undefined ? await openChampionOf(registry) : await registry.open(other)
        return judge(await registry.open(version), against, options)
      })
      if (options.json) printJson(report)
      else print(gateText(report))
    })

  gateOptions(models.command('promote'))
    .description(
      'Makes a model the champion, if it passes: measured on customers that it has not learned from, not worse than the ' +
        'champion (log loss and AUC, paired bootstrap over the same customers), and calibrated. A model that is damaged or ' +
        'made for another feature table is always refused.',
    )
    .argument('<version>', 'the candidate: a version, or the path of a folder')
    .option(
      '--as-challenger',
      'let it score beside the champion, without any effect; nothing is checked but that it can',
    )
    .option('--force', 'promote it unmeasured; says what it skips')
    .addHelpText(
      'after',
      `
Examples:
  npx holdfast models promote v2                          measured on the topics
  npx holdfast models promote v2 --events events.ndjson   measured on files
  npx holdfast models promote v3 --as-challenger          compare live first: holdfast_challenger_… at /metrics`,
    )
    .action(async (version: string, options: PromoteOptions) => {
      const { promote } = await import('../models/run-promote.ts')
      await promote(version, options)
    })

  models
    .command('rollback')
    .description('Goes back to the champion before the present one.')
    .option('--challenger', 'end the comparison with the challenger instead')
    .option('--json', 'print what scores now as JSON')
    .addHelpText('after', '\nExample:\n  npx holdfast models rollback')
    .action(async ({ challenger, json }: Json & { challenger?: true }) => {
      const { rollback } = await import('../models/run-promote.ts')
      const result = await rollback(challenger === true)
      if (json) return printJson(result)
      const { champion, before } = result
      print(
        champion === before
          ? `no challenger any more; ${champion} scores`
          : `${champion} scores again, after ${before}`,
      )
      if (champion !== before) note('risk-workers follow within seconds; customers keep their appointments meanwhile')
    })

  addRetrain(models)
  addDrift(models)
  addOutcomes(models)
}

function gateOptions(command: Command): Command {
  return command
    .option(
      '--events <src...>',
      'what to measure on: files of events (.ndjson, .ndjson.gz), or "kafka" for the topics',
      ['kafka'],
    )
    .option('--at <date>', 'instant of the customers measured (default: the newest whose horizon has ended)')
    .option('--population <who>', 'ever (whoever has bought), or active:365d (whoever bought lately)', 'ever')
    .option('--ece-limit <share>', 'largest expected calibration error beyond chance (default: 0.05)', share)
    .option('--json', 'print the measurement as JSON')
}

function share(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && value > 0 && value <= 1) return value
  throw new InvalidArgumentError('expected a share above 0 and up to 1, such as 0.05')
}
