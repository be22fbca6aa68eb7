import { FEATURES } from '@holdfast/core'
import { expect, test } from 'vitest'
import { checkTrainable } from './checks.ts'

const width = FEATURES.length

function tableOf(rows: number, churned: number, of: (row: number, column: number) => number) {
  const x = Float32Array.from({ length: rows * width }, (_, i) => of(Math.floor(i / width), i % width))
  const y = Uint8Array.from({ length: rows }, (_, i) => Number(i < churned))
  return { features: width, x, y, lapsed: new Uint8Array(rows) }
}

const varied = (row: number, column: number) => (column === 3 ? 7 : column === 4 ? 0 : row % 5)

test('names what is constant, whether missing altogether or not', () => {
  expect(checkTrainable(tableOf(200, 80, varied))).toEqual({
    rows: 200,
    churned: 80,
    constant: [FEATURES[3]!.name, FEATURES[4]!.name],
  })
})

test.each([
  ['one class, all stayed', tableOf(200, 0, varied), 'one_class', /all 200 training rows bought again/],
  ['one class, all churned', tableOf(200, 200, varied), 'one_class', /all 200 training rows churned/],
  ['too few churners', tableOf(200, 12, varied), 'too_few_positives', /only 12 of 200.*churned; at least 50.*38 more/],
  ['too few that stayed', tableOf(200, 170, varied), 'too_few_positives', /only 30 of 200.*bought again.*20 more/],
  ['nothing that varies', tableOf(200, 80, () => 1), 'no_variation', /all \d+ features are the same/],
  ['no number', tableOf(200, 80, (row) => (row === 4 ? Number.NaN : row)), 'not_finite', /training row 5 is NaN/],
])('refuses %s', (_what, table, code, message) => {
  expect(() => checkTrainable(table)).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) }),
  )
})
