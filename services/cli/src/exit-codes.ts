/** Every exit code of the command line: what scripts may rely on. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  nothingRunning: 3,
  unreachable: 4,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export interface ExitCodeRow {
  readonly code: ExitCode
  readonly means: string
  /** Codes of the errors that end with it, as they begin their message; the rest end with 1. */
  readonly errors: readonly string[]
}

/** The one table: `holdfast help exit-codes` prints it, `exitCodeOf` reads it. */
export const EXIT_CODES: readonly ExitCodeRow[] = [
  { code: EXIT.ok, means: 'done', errors: [] },
  {
    code: EXIT.failed,
    means:
      'something went wrong, and the message says what to do; or what was checked is not in order (audit, produce)',
    errors: [],
  },
  { code: EXIT.usage, means: 'the command was typed wrongly; nothing was done', errors: ['USAGE'] },
  {
    code: EXIT.nothingRunning,
    means: 'nothing runs here, and KAFKA_BROKERS and REDIS_URL do not say where else to look',
    errors: ['NOTHING_RUNNING'],
  },
  {
    code: EXIT.unreachable,
    means: 'Kafka or Redis does not answer, or does not let us in',
    errors: [
      'KAFKA_UNREACHABLE',
      'KAFKA_LOGIN_REFUSED',
      'KAFKA_TLS_REFUSED',
      'KAFKA_FORBIDDEN',
      'REDIS_UNREACHABLE',
      'REDIS_REFUSED',
    ],
  },
]

export function exitCodeOfError(code: string | undefined): ExitCode {
  return EXIT_CODES.find(({ errors }) => code !== undefined && errors.includes(code))?.code ?? EXIT.failed
}
