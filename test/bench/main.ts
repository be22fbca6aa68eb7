/**
 * `npm run bench`: what the pipeline does a second, how late its jobs come and what a customer costs, from one run on one
 * machine, beside the consumers that bound it from above and the worker that one would write first. `--help` lists the
 * options. Exit code 1 when a target is missed, with the table printed all the same.
 */
import { readOptions, USAGE } from './options.ts'
import { runBench } from './run-bench.ts'
import { isMissed } from './table.ts'

const options = readOptions(process.argv.slice(2))
if (options === 'help') {
  console.log(USAGE)
} else {
  const { rows, text, failure } = await runBench(options)
  console.log(text)
  const missed = rows.filter(isMissed)
  if (missed.length > 0) console.log(`\nmissed: ${missed.map(({ name }) => name).join('; ')}`)
  if (failure !== undefined) console.error(`\nbroken off: ${failure.stack}`)
  if (missed.length > 0 || failure !== undefined) process.exitCode = 1
}
