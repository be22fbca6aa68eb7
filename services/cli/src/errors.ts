import { resolve } from 'node:path'
import { asError, HoldfastError } from '@holdfast/platform'
import { type ExitCode, exitCodeOfError } from './exit-codes.ts'

const USAGE = 'USAGE'

/** What was typed cannot be meant. */
export function usageError(message: string): HoldfastError {
  return new HoldfastError({ code: USAGE, message, cure: 'see --help.' })
}

const NOTHING_RUNNING = 'NOTHING_RUNNING'

/** Neither the environment nor a run of ours says where Kafka and Redis are. */
export function nothingRunning(message: string, cure: string): HoldfastError {
  return new HoldfastError({ code: NOTHING_RUNNING, message, cure })
}

export function isNothingRunning(thrown: unknown): thrown is HoldfastError {
  return thrown instanceof HoldfastError && thrown.code === NOTHING_RUNNING
}

export function fileUnreadable(file: string, cause: unknown): HoldfastError {
  return new HoldfastError({
    code: 'FILE_UNREADABLE',
    message: `cannot read ${resolve(file)}`,
    cause: asError(cause),
    cure: 'check the path and its permissions.',
  })
}

export function exitCodeOf(thrown: unknown): ExitCode {
  return exitCodeOfError(thrown instanceof HoldfastError ? thrown.code : undefined)
}

/** Errors of files that people write (maps, policies, manifests) are already written for their reader. */
const READABLE = new Set(['SettingsError', 'TrainerError', 'ScorerError', 'MissingToolsError'])

/** Gives an error that speaks for itself a code, so that it is told without a stack. */
export function coded(thrown: unknown): unknown {
  const error = asError(thrown)
  if (!READABLE.has(error.name)) return thrown
  const code = error.name
    .replace(/Error$/, '')
    .replaceAll(/(?<=[a-z])[A-Z]/g, '_$&')
    .toUpperCase()
  return new HoldfastError({ code, message: error.message })
}
