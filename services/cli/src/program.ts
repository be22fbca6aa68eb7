import { Command } from 'commander'
import { addAudit } from './commands/audit.ts'
import { addDataset } from './commands/dataset.ts'
import { addDlq } from './commands/dlq.ts'
import { addDown } from './commands/down.ts'
import { addImport } from './commands/import.ts'
import { addInspect } from './commands/inspect.ts'
import { addProduce } from './commands/produce.ts'
import { addRebuild } from './commands/rebuild.ts'
import { addReport } from './commands/report.ts'
import { addStatus } from './commands/status.ts'
import { addTrain } from './commands/train.ts'
import { addUp } from './commands/up.ts'

/** Every command, in the order of the help text. A command's own modules are loaded when it runs, so that help is quick. */
const COMMANDS = [
  addUp,
  addDown,
  addStatus,
  addProduce,
  addImport,
  addDataset,
  addInspect,
  addTrain,
  addRebuild,
  addDlq,
  addAudit,
  addReport,
]

export function createProgram(): Command {
  const program = new Command('holdfast')
    .description('Notices the customers who are about to leave, while they can still be kept.')
    .showHelpAfterError('(see --help)')
    .helpCommand(false)
    .addHelpText(
      'after',
      `
Kafka and Redis are those of KAFKA_BROKERS and REDIS_URL where set, else those that "up" started here.
Exit codes: 0 done, 1 something went wrong (the message says what to do), 2 typed wrongly.`,
    )
  for (const add of COMMANDS) add(program)
  return program
}
