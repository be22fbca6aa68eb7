import type { Command } from 'commander'
import type { Difference } from '../audit/audit.ts'
import { EXIT } from '../exit-codes.ts'
import { plural, print, printJson, table } from '../output/text.ts'

const MOST_SHOWN = 50

export function addAudit(program: Command): void {
  program
    .command('audit')
    .summary('recount every number from the customers’ states')
    .description(
      'Recounts every aggregate from the states of all shards and compares it with what is stored; holds worklists, ' +
        'appointments and erasures against the states. Each shard is read in one transaction, so it may run beside a busy ' +
        'risk-worker. Exit code 1 when anything differs.',
    )
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExamples:\n  npx holdfast audit\n  npx holdfast audit --json | jq .differences')
    .action(async ({ json }: { json?: true }) => {
      const { withInstallation } = await import('../installation.ts')
      const { auditShard } = await import('../audit/audit.ts')
      const { readSnapshot } = await import('../audit/snapshot.ts')
      const shards: { shard: number; commit: number; customers: number; counters: number }[] = []
      const differences: Difference[] = []
      await withInstallation(async (on) => {
        const client = await on.redis()
        const partitions = await on.partitionCount()
        for (let partition = 0; partition < partitions; partition++) {
          const snapshot = await readSnapshot(client, await on.shard(partition))
          shards.push({
            shard: partition,
            commit: snapshot.number,
            customers: snapshot.states.size,
            counters: snapshot.counters.size,
          })
          differences.push(...auditShard(snapshot))
        }
      })
      const customers = shards.reduce((sum, shard) => sum + shard.customers, 0)
      if (json) printJson({ ok: differences.length === 0, customers, shards, differences })
      else {
        const verdict = differences.length === 0 ? 'everything adds up' : plural(differences.length, 'difference')
        print(`${plural(customers, 'state')} in ${plural(shards.length, 'shard')}: ${verdict}`)
        if (differences.length > 0) print(`\n${differencesText(differences)}`)
      }
      if (differences.length > 0) process.exitCode = EXIT.failed
    })
}

function differencesText(differences: readonly Difference[]): string {
  const rows = differences
    .slice(0, MOST_SHOWN)
    .map(({ shard, what, of, expected, found }) => [
      `shard ${shard}`,
      what,
      of,
      `states: ${expected}`,
      `stored: ${found}`,
    ])
  const rest = differences.length - rows.length
  return table(rows) + (rest > 0 ? `\n… and ${rest} more (--json shows all)` : '')
}
