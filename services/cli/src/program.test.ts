import { expect, test } from 'vitest'
import { coded, exitCodeOf, usageError } from './errors.ts'
import { createProgram } from './program.ts'

test('every command and every option says what it is for', () => {
  const program = createProgram()
  const all = program.commands.flatMap((command) => [command, ...command.commands])
  expect(program.commands.map((command) => command.name())).toEqual(
    expect.arrayContaining(['up', 'down', 'status', 'produce', 'import', 'inspect', 'train', 'dlq', 'audit']),
  )
  for (const command of all) {
    expect(command.description(), command.name()).toMatch(/\.$/)
    for (const option of command.options) expect(option.description, `${command.name()} ${option.flags}`).not.toBe('')
  }
})

test('a command typed wrongly is 2, anything else that fails is 1', () => {
  expect(exitCodeOf(usageError('no'))).toBe(2)
  expect(exitCodeOf(new Error('no'))).toBe(1)
})

test('errors that speak for themselves are told without a stack', () => {
  class SettingsError extends Error {
    override readonly name = 'SettingsError'
  }
  expect(coded(new SettingsError('map: time: expected a mapping'))).toMatchObject({ code: 'SETTINGS' })
  const defect = new TypeError('x is undefined')
  expect(coded(defect)).toBe(defect)
})
