import { rename, rm, writeFile } from 'node:fs/promises'
import { asError, HoldfastError } from '@holdfast/platform'

/** Writes a file as a whole or not at all. @throws HoldfastError FILE_UNWRITABLE */
export async function writeWhole(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}.part`
  try {
    await writeFile(draft, text)
    await rename(draft, file)
  } catch (thrown) {
    await rm(draft, { force: true })
    throw fileUnwritable(file, thrown)
  }
}

export function fileUnwritable(file: string, cause: unknown): HoldfastError {
  return new HoldfastError({
    code: 'FILE_UNWRITABLE',
    message: `cannot write ${file}`,
    cause: asError(cause),
    cure: 'check that the folder exists and may be written to.',
  })
}
