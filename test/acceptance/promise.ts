/** A test that shows a promise. */
export interface NamedTest {
  /** From the top of the repository. */
  readonly file: string
  /**
   * Its name, with the names of the suites around it where it is not the only one: `suite > test`. Either as the file has it
   * (`kill -9, … times`, with … for what is put in: then all tests made of it must pass) or as the run reports one of them (`kcat with zstd`).
   */
  readonly test: string
  /** When it cannot run on a machine; anywhere else a skipped test shows nothing. */
  readonly skippedWhere?: string
  /** What is played where a real part would be expected, and why. */
  readonly plays?: string
}

/** What was promised to whoever uses Holdfast, and the tests on real parts that show it. */
export interface Promised {
  readonly promise: string
  /** All of them must pass. None: nothing shows it yet, and the acceptance run fails. */
  readonly shownBy: readonly NamedTest[]
}

export interface Chapter {
  readonly title: string
  readonly promises: readonly Promised[]
}

/** Promises that can be asked for together: `npm run acceptance -- heart`. */
export interface Area {
  readonly name: string
  readonly about: string
  readonly chapters: readonly Chapter[]
}

/** The tests of one file, for the rows of one chapter. */
export const testsOf =
  (file: string) =>
  (...tests: readonly (string | Omit<NamedTest, 'file'>)[]): readonly NamedTest[] =>
    tests.map((test) => (typeof test === 'string' ? { file, test } : { file, ...test }))
