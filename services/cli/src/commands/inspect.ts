import type { Command } from 'commander'
import { print, printJson } from '../output/text.ts'

export function addInspect(program: Command): void {
  program
    .command('inspect')
    .summary('everything that is known of one customer')
    .description(
      'Shows the state of a customer as named features, score, band, reasons, next appointment, consent, what was done, and ' +
        'the timeline. "stored" is what the risk-worker found at its last look; "now" is computed with the same weights. ' +
        'Personal fields are not shown.',
    )
    .argument('<customer>', 'customer id')
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExample:\n  npx holdfast inspect cust-42')
    .action(async (id: string, { json }: { json?: true }) => {
      const { withInstallation } = await import('../installation.ts')
      const { readView } = await import('../inspect/read-view.ts')
      const { customerText } = await import('../inspect/print.ts')
      const text = await withInstallation(async (on) => {
        const view = await readView(on, id, (await on.clock()).now())
        return json ? view : customerText(view, on.config.BASE_CURRENCY)
      })
      if (typeof text === 'string') print(text)
      else printJson(text)
    })
}
