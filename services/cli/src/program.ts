import { Command } from 'commander'

type AddCommand = (program: Command) => void

/**
 * Every command, in the order of the help text. A command's modules are loaded when it is asked for, and what it works with
 * when it runs: a quick one must not wait for what a slow one needs.
 */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  up: async () => (await import('./commands/up.ts')).addUp,
  down: async () => (await import('./commands/down.ts')).addDown,
  status: async () => (await import('./commands/status.ts')).addStatus,
  top: async () => (await import('./commands/top.ts')).addTop,
  inspect: async () => (await import('./commands/inspect.ts')).addInspect,
  report: async () => (await import('./commands/report.ts')).addReport,
  produce: async () => (await import('./commands/produce.ts')).addProduce,
  import: async () => (await import('./commands/import.ts')).addImport,
  bridge: async () => (await import('./commands/bridge.ts')).addBridge,
  dataset: async () => (await import('./commands/dataset.ts')).addDataset,
  train: async () => (await import('./commands/train.ts')).addTrain,
  evaluate: async () => (await import('./commands/evaluate.ts')).addEvaluate,
  score: async () => (await import('./commands/score.ts')).addScore,
  models: async () => (await import('./commands/models.ts')).addModels,
  clv: async () => (await import('./commands/clv.ts')).addClv,
  backtest: async () => (await import('./commands/backtest.ts')).addBacktest,
  rebuild: async () => (await import('./commands/rebuild.ts')).addRebuild,
  dlq: async () => (await import('./commands/dlq.ts')).addDlq,
  audit: async () => (await import('./commands/audit.ts')).addAudit,
  completion: async () => (await import('./commands/completion.ts')).addCompletion,
  help: async () => (await import('./commands/help.ts')).addHelp,
}

/** @param asked the command that was typed: only that one is loaded then; every command where it is none of them */
export async function createProgram(asked?: string): Promise<Command> {
  const program = new Command('holdfast')
    .description('Notices the customers who are about to leave, while they can still be kept.')
    .showHelpAfterError('(see --help)')
    .helpCommand(false)
    .addHelpText(
      'after',
      `
Examples:
  npx holdfast up                    start everything here
  npx holdfast inspect cust-000042   what is known of one customer
  npx holdfast help up               what a command takes, with examples; as up --help

Kafka and Redis are those of KAFKA_BROKERS and REDIS_URL where set, else those that "up" started here.
Exit codes: npx holdfast help exit-codes. Completion for your shell: npx holdfast completion --help.
Colours only on a terminal; NO_COLOR=1 turns them off, FORCE_COLOR=1 on.`,
    )
  const isOne = asked !== undefined && Object.hasOwn(COMMANDS, asked) && !NEEDS_ALL.has(asked)
  const wanted = isOne ? [asked] : Object.keys(COMMANDS)
  for (const add of await Promise.all(wanted.map((name) => COMMANDS[name]?.()))) add?.(program)
  return program
}

const NEEDS_ALL = new Set(['completion', 'help'])

/** The program, its commands and theirs. */
export function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)]
}
