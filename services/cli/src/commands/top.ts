import { type Command, InvalidArgumentError } from 'commander'

interface Options {
  readonly once?: true
  readonly json?: true
  readonly interval: number
}

export function addTop(program: Command): void {
  program
    .command('top')
    .summary('watch the pipeline live')
    .description(
      'Shows, again every second: records a second, lag, customers by band, appointments due, how late they are looked at, ' +
        'jobs by queue. q or Ctrl-C leaves. Without a terminal it shows one page and ends.',
    )
    .option('--once', 'show one page and end')
    .option('--json', 'one JSON object a line and tick, until Ctrl-C; with --once a single one')
    .option('--interval <seconds>', 'how often to look', seconds, 1)
    .addHelpText(
      'after',
      `
Examples:
  npx holdfast top
  npx holdfast top --once
  npx holdfast top --json | jq '[.figures.domainTime, .figures.byBand.at_risk, .lateSecondsMax]'`,
    )
    .action(async ({ once, json, interval }: Options) => {
      const { readRunState } = await import('@holdfast/local')
      const { withInstallation } = await import('../installation.ts')
      const { createSampler } = await import('../top/sample.ts')
      const { lookOnce, watchAsJson, watchOnScreen } = await import('../top/watch.ts')
      const { print } = await import('../output/text.ts')
      const reading = readRunState()
      const mode = reading.kind === 'running' ? reading.state.mode : undefined
      const options = { intervalMs: interval * 1_000, mode }
      await withInstallation(
        async (on) => {
          if (json) return once ? print(JSON.stringify(await createSampler(on)())) : watchAsJson(on, options)
          if (once || !process.stdout.isTTY) return lookOnce(on, options)
          return watchOnScreen(on, options)
        },
        { runState: reading },
      )
    })
}

function seconds(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && value >= 0.1 && value <= 3_600) return value
  throw new InvalidArgumentError('expected seconds, from 0.1 to 3600')
}
