import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ACTION_KINDS, type ActionKind } from '@holdfast/core'
import { asError, HoldfastError } from '@holdfast/platform'
import { Liquid, type Template } from 'liquidjs'
import { z } from 'zod'
import { oneLine } from '../channels/http-post.ts'
import { escapeMrkdwn } from '../channels/slack.ts'

export interface Mail {
  readonly subject: string
  readonly text: string
  readonly html: string
}

type Context = Readonly<Record<string, string | number | readonly string[]>>

/** Texts by locale: the customer's own words, else the language's, else English. */
export interface Templates {
  alert(locale: string, context: Context): Mail & { readonly slack: string }
  winBack(locale: string, context: Context): Mail
  /** What to try for whom a group of features weighs most. */
  suggestion(locale: string, action: ActionKind, group: string): string
}

const FILES = [
  'alert.subject',
  'alert.text',
  'alert.html',
  'alert.slack',
  'win-back.subject',
  'win-back.text',
  'win-back.html',
] as const
type File = (typeof FILES)[number]

const LAST_RESORT = 'en'
const suggestionsSchema = z.record(z.enum(ACTION_KINDS), z.record(z.string(), z.string()))
type Suggestions = z.output<typeof suggestionsSchema>

interface Language {
  readonly files: ReadonlyMap<File, Template[]>
  readonly suggestions: Suggestions | undefined
}

/** Those that come with Holdfast, seen from `src` as from `dist`. */
export const OWN_TEMPLATES = fileURLToPath(new URL('../../templates/', import.meta.url))

/** Whatever comes from outside is escaped for where it goes; templates need no filter for it and cannot forget one. */
const engines = {
  plain: new Liquid({ strictFilters: true, ownPropertyOnly: true }),
  html: new Liquid({ strictFilters: true, ownPropertyOnly: true, outputEscape: 'escape' }),
  slack: new Liquid({ strictFilters: true, ownPropertyOnly: true, outputEscape: (value) => escapeMrkdwn(text(value)) }),
}
const engineOf = (file: File) =>
  file.endsWith('.html') ? engines.html : file.endsWith('.slack') ? engines.slack : engines.plain

const text = (value: unknown): string => (value === undefined || value === null ? '' : String(value))

/**
 * Reads and parses every template of a folder that has one folder a language.
 * @throws HoldfastError TEMPLATES_UNREADABLE, naming the file
 */
export async function loadTemplates(folder: string): Promise<Templates> {
  const languages = new Map<string, Language>()
  try {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) languages.set(entry.name.toLowerCase(), await loadLanguage(join(folder, entry.name)))
    }
  } catch (cause) {
    throw broken(`the templates in ${folder} cannot be used: ${asError(cause).message}`)
  }
  const missing = FILES.filter((file) => !languages.get(LAST_RESORT)?.files.has(file))
  if (missing.length > 0 || languages.get(LAST_RESORT)?.suggestions === undefined) {
    const names = [...missing.map((file) => `${file}.liquid`), 'suggestions.json'].join(', ')
    throw broken(`${join(folder, LAST_RESORT)} must hold, as the last resort, every template: ${names}`)
  }
  const render = (locale: string, file: File, context: Context): string => {
    for (const language of fallbackChain(locale)) {
      const template = languages.get(language)?.files.get(file)
      if (template !== undefined)
        return text(engineOf(file).renderSync(template, { ...context, lang: language })).trim()
    }
    throw new Error(`no template ${file}`)
  }
  return {
    alert: (locale, context) => ({
      subject: oneLine(render(locale, 'alert.subject', context)),
      text: render(locale, 'alert.text', context),
      html: render(locale, 'alert.html', context),
      slack: render(locale, 'alert.slack', context),
    }),
    winBack: (locale, context) => ({
      subject: oneLine(render(locale, 'win-back.subject', context)),
      text: render(locale, 'win-back.text', context),
      html: render(locale, 'win-back.html', context),
    }),
    suggestion(locale, action, group) {
      for (const language of fallbackChain(locale)) {
        const found = languages.get(language)?.suggestions?.[action]
        const words = found?.[group] ?? found?.other
        if (words !== undefined) return words
      }
      return ''
    },
  }
}

/** `te-IN` → `te-in`, `te`, `en`. What is no language tag falls back to English at once. */
export function fallbackChain(locale: string): string[] {
  const tag = locale.replaceAll('_', '-').toLowerCase()
  const parts = /^[a-z]{2,8}(-[a-z0-9]{1,8})*$/.test(tag) ? tag.split('-') : []
  const chain = parts.map((_, i) => parts.slice(0, parts.length - i).join('-'))
  return chain.includes(LAST_RESORT) ? chain : [...chain, LAST_RESORT]
}

async function loadLanguage(folder: string): Promise<Language> {
  const names = new Set(await readdir(folder))
  const files = new Map<File, Template[]>()
  for (const file of FILES) {
    const name = `${file}.liquid`
    if (!names.has(name)) continue
    try {
      files.set(file, engineOf(file).parse(await readFile(join(folder, name), 'utf8')))
    } catch (thrown) {
      throw new Error(`${join(folder, name)}: ${asError(thrown).message}`)
    }
  }
  if (!names.has('suggestions.json')) return { files, suggestions: undefined }
  const path = join(folder, 'suggestions.json')
  const parsed = suggestionsSchema.safeParse(JSON.parse(await readFile(path, 'utf8')))
  if (!parsed.success) throw new Error(`${path}: ${z.prettifyError(parsed.error)}`)
  return { files, suggestions: parsed.data }
}

function broken(message: string): HoldfastError {
  return new HoldfastError({
    code: 'TEMPLATES_UNREADABLE',
    message,
    cure: 'correct the files, or leave TEMPLATES_DIR empty for the templates that come with Holdfast.',
  })
}
