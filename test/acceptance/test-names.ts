import { readFileSync } from 'node:fs'
import { parseAst } from 'vitest/node'

/** The name of a test as its file has it: a text, with holes where it is made when the test runs. */
export interface TestName {
  /** Suites and test, joined by ` > `, as written. */
  readonly text: string
  /** Fits every name that the test can have in a run. */
  readonly pattern: RegExp
}

const SUITES = ['describe', 'suite']
const TESTS = ['test', 'it']
const SEPARATOR = ' > '

/** Names of all tests in a file, found without running it. */
export function testNamesIn(file: string): readonly TestName[] {
  const names: TestName[] = []
  visit(parseAst(readFileSync(file, 'utf8'), { lang: 'ts' }), [], names)
  return names
}

function visit(node: unknown, suites: readonly Part[], names: TestName[]): void {
  if (Array.isArray(node)) {
    for (const item of node) visit(item, suites, names)
    return
  }
  if (!isNode(node)) return
  const called = node.type === 'CallExpression' ? calledName(node) : undefined
  const part = called === undefined ? undefined : partOf(listOf(node.arguments)[0], called.isTable)
  if (called !== undefined && part !== undefined) {
    const parts = [...suites, part]
    if (called.isSuite) {
      visit(node.arguments, parts, names)
      return
    }
    names.push({
      text: parts.map(({ text }) => text).join(SEPARATOR),
      pattern: new RegExp(`^${parts.map(({ pattern }) => pattern).join(SEPARATOR)}$`, 's'),
    })
    return
  }
  for (const child of Object.values(node)) visit(child, suites, names)
}

type Node = Readonly<Record<string, unknown>> & { readonly type: string }

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** Whether a call makes a test or a suite: `test(…)`, `test.each(…)(…)`, `describe.skipIf(…)(…)`. */
function calledName(call: Node): { isSuite: boolean; isTable: boolean } | undefined {
  let isTable = false
  let callee: unknown = call.callee
  // Whoever is called by what `test.each([…])` returns has its name; `test.each([…])` itself has none.
  if (isNode(callee) && callee.type === 'MemberExpression' && takesNoName(callee)) return undefined
  while (isNode(callee) && callee.type !== 'Identifier') {
    if (callee.type === 'MemberExpression') {
      isTable ||= isNode(callee.property) && (callee.property.name === 'each' || callee.property.name === 'for')
      callee = callee.object
    } else if (callee.type === 'CallExpression') callee = callee.callee
    else if (callee.type === 'TaggedTemplateExpression') callee = callee.tag
    else return undefined
  }
  const name = isNode(callee) && typeof callee.name === 'string' ? callee.name : ''
  if (SUITES.includes(name)) return { isSuite: true, isTable }
  return TESTS.includes(name) ? { isSuite: false, isTable } : undefined
}

const takesNoName = ({ property }: Node): boolean =>
  isNode(property) && ['each', 'for', 'skipIf', 'runIf', 'extend'].includes(String(property.name))

interface Part {
  readonly text: string
  readonly pattern: string
}

const ANYTHING = '.*'

/** The first argument of a test or suite; undefined where it can be no name. */
function partOf(argument: unknown, isTable: boolean): Part | undefined {
  if (!isNode(argument)) return undefined
  if (argument.type === 'Literal' && typeof argument.value === 'string') return partOfText(argument.value, isTable)
  if (argument.type === 'TemplateLiteral') {
    const quasis = listOf(argument.quasis).map((quasi) => {
      const value = isNode(quasi) ? quasi.value : undefined
      return typeof value === 'object' && value !== null && 'cooked' in value ? String(value.cooked) : ''
    })
    const parts = quasis.map((text) => partOfText(text, isTable))
    return {
      text: parts.map(({ text }) => text).join('…'),
      pattern: parts.map(({ pattern }) => pattern).join(ANYTHING),
    }
  }
  if (argument.type === 'Identifier') return { text: '…', pattern: ANYTHING }
  return undefined
}

/** What `test.each` puts values in place of: `%s`, `$name`, `$name.field`. */
const HOLES = /%[sdifjoOc#$]|\$[\w.]+/g

function partOfText(text: string, isTable: boolean): Part {
  if (!isTable) return { text, pattern: escapeRegExp(text) }
  return { text, pattern: text.split(HOLES).map(escapeRegExp).join(ANYTHING) }
}

const escapeRegExp = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Whether `asked` is the name, or its end from some suite on. */
export const isNameOrItsEnd = (name: string, asked: string): boolean =>
  name === asked || name.endsWith(`${SEPARATOR}${asked}`)

/**
 * The test of a file that a row means: the one that is written so, or one that can be called so when it runs.
 * @returns `written`: every test made of it is meant. `made`: only the one of this name.
 */
export function findTest(
  names: readonly TestName[],
  asked: string,
): { readonly name: TestName; readonly as: 'written' | 'made' } | undefined {
  const written = names.find(({ text }) => isNameOrItsEnd(text, asked))
  if (written !== undefined) return { name: written, as: 'written' }
  // Of a suite that is left out in the row any will do.
  const made = names.find(({ pattern }) => pattern.test(asked) || new RegExp(endOf(pattern, asked), 's').test(asked))
  return made === undefined ? undefined : { name: made, as: 'made' }
}

/** As much of the end of a pattern as there are parts in `asked`. */
function endOf(pattern: RegExp, asked: string): string {
  const parts = pattern.source.slice(1, -1).split(SEPARATOR)
  return `^${parts.slice(-asked.split(SEPARATOR).length).join(SEPARATOR)}$`
}
