import { HoldfastError } from '@holdfast/platform'
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { coded, exitCodeOf, nothingRunning, usageError } from './errors.ts'
import { EXIT, EXIT_CODES } from './exit-codes.ts'
import { createProgram, everyCommand } from './program.ts'

test('every command says what it is for, shows examples, and answers in JSON', async () => {
  const program = await createProgram()
  expect(program.commands.map((command) => command.name())).toEqual(
    expect.arrayContaining(['up', 'down', 'status', 'top', 'produce', 'import', 'inspect', 'train', 'dlq', 'audit']),
  )
  for (const command of everyCommand(program).slice(1)) {
    const name = `${command.parent?.name()} ${command.name()}`
    expect(command.description(), name).toMatch(/\.$/)
    for (const option of command.options) expect(option.description, `${name} ${option.flags}`).not.toBe('')
    expect(helpOf(command), name).toMatch(/Examples?:\n +.*holdfast/)
    // What completes for a shell is written in that shell's language; a command of commands does nothing itself.
    if (command.name() === 'completion' || command.commands.length > 0) continue
    expect(
      command.options.map(({ long }) => long),
      name,
    ).toContain('--json')
  }
})

test('the command that is typed is loaded alone', async () => {
  expect((await createProgram('inspect')).commands.map((command) => command.name())).toEqual(['inspect'])
  expect((await createProgram('help')).commands.length).toBeGreaterThan(10)
  expect((await createProgram('--help')).commands.length).toBeGreaterThan(10)
  expect((await createProgram('toString')).commands.length).toBeGreaterThan(10)
})

function helpOf(command: Command): string {
  let text = ''
  command.configureOutput({ writeOut: (part) => (text += part) })
  command.outputHelp()
  return text
}

test('each exit code stands once in the table, and errors end with theirs', () => {
  expect(EXIT_CODES.map(({ code }) => code)).toEqual(Object.values(EXIT))
  expect(exitCodeOf(usageError('no'))).toBe(EXIT.usage)
  expect(exitCodeOf(nothingRunning('no', 'start it'))).toBe(EXIT.nothingRunning)
  expect(exitCodeOf(new HoldfastError({ code: 'REDIS_UNREACHABLE', message: 'no' }))).toBe(EXIT.unreachable)
  expect(exitCodeOf(new HoldfastError({ code: 'ANYTHING_ELSE', message: 'no' }))).toBe(EXIT.failed)
  expect(exitCodeOf(new Error('no'))).toBe(EXIT.failed)
})

test('errors that speak for themselves are told without a stack', () => {
  class SettingsError extends Error {
    override readonly name = 'SettingsError'
  }
  expect(coded(new SettingsError('map: time: expected a mapping'))).toMatchObject({ code: 'SETTINGS' })
  const defect = new TypeError('x is undefined')
  expect(coded(defect)).toBe(defect)
})
