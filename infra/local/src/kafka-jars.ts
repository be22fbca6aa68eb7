import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder, pomFile } from './folders.ts'
import { type Say, sayOnStderr, withProgress } from './progress.ts'
import { lastLines, runCommand } from './run-command.ts'

/**
 * The folder with the broker's jars, copied by Maven from what `infra/local/pom.xml` names; cached until that file
 * changes. Throws with Maven's last lines when they cannot be had.
 */
export const resolveKafkaJars = async (say: Say = sayOnStderr): Promise<string> => {
  const pom = pomFile()
  const version = createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 12)
  const cache = cacheFolder('kafka')
  const jars = join(cache, version)
  if (existsSync(jars)) return jars
  mkdirSync(cache, { recursive: true })
  const partial = mkdtempSync(join(cache, 'partial-'))
  try {
    const { code, output } = await withProgress('downloading the Kafka broker with Maven, once', say, () =>
      runCommand('mvn', [
        '--batch-mode',
        '--quiet',
        `--file=${pom}`,
        'dependency:copy-dependencies',
        '-DincludeScope=runtime',
        `-DoutputDirectory=${partial}`,
      ]),
    )
    if (code !== 0) {
      throw new Error(
        `Maven could not download the Kafka broker:\n${lastLines(output)}\nCheck that Maven reaches its repository.`,
      )
    }
    // The rename makes it appear at once and whole; whoever else was downloading has put the same there.
    if (!existsSync(jars)) renameSync(partial, jars)
    return jars
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
}
