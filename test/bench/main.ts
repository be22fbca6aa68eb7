/**
 * `npm run bench`: what the pipeline does a second, how late its jobs come and what a customer costs, from one run on one
 * machine, beside the consumers that bound it from above and the worker that one would write first. `--help` lists the
 * options. Exit code 1 when a target is missed, with the table printed all the same.
 */
import { asError } from '@holdfast/platform'
import { type Options, readOptions, USAGE } from './options.ts'
import { runBench } from './run-bench.ts'
import { isMissed } from './table.ts'

const options = parse()
if (options !== undefined) {
  const { rows, text, failure } = await runBench(options)
  console.log(text)
  const missed = rows.filter(isMissed)
  if (missed.length > 0) console.log(`\nmissed: ${missed.map(({ name }) => name).join('; ')}`)
  if (failure !== undefined) console.error(`\nbroken off: ${failure.stack}`)
  if (missed.length > 0 || failure !== undefined) process.exitCode = 1
}

/** Undefined when there is nothing to do: help was asked for, or something was typed wrongly. */
function parse(): Options | undefined {
  try {
    const options = readOptions(process.argv.slice(2))
    if (options !== 'help') return options
    console.log(USAGE)
  } catch (thrown) {
    console.error(`${asError(thrown).message}\n\n${USAGE}`)
    process.exitCode = 2
  }
  return undefined
}
