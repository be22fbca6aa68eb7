import type { CustomerView } from '@holdfast/contracts'
import { type Cell, instant, money, percent, relative, table } from '../output/text.ts'

/** A customer on a page. @param currency in which amounts are kept */
export function customerText(view: CustomerView, currency: string): string {
  const at = Date.parse(view.asOf)
  const when = (time: string | undefined) =>
    time === undefined ? '-' : `${instant(Date.parse(time))} (${relative(Date.parse(time), at)})`
  const { stored, now } = view

  const rows: [string, string][] = [
    ['customer', view.customer],
    ['shard', `${view.shard} (generation ${view.generation})`],
  ]
  if (view.erased) rows.push(['erased', 'for good: nothing else is kept'])
  if (stored === undefined) rows.push(['band', view.erased ? '-' : 'not looked at yet'])
  else {
    rows.push(
      [
        'band',
        `${stored.band}, since ${when(stored.enteredAt)}${stored.previousBand ? `, before: ${stored.previousBand}` : ''}`,
      ],
      ['decision', stored.heldUntil ? `${stored.disposition} until ${when(stored.heldUntil)}` : stored.disposition],
      [
        'stored score',
        `${percent(stored.probability ?? 0)}, expected loss ${money(stored.expectedLoss.amountMinor, currency)}, as of ${when(stored.evaluatedAt)}`,
      ],
    )
  }
  if (now !== undefined)
    rows.push([
      'score now',
      `${percent(now.probability)} (logit ${now.logit.toFixed(4)}, model ${now.model}, plain arithmetic)`,
    ])
  rows.push(['next look', when(view.nextAppointment)])

  const sections = [table(rows)]
  if (now !== undefined && now.reasons.length > 0) {
    sections.push(
      section(
        'why',
        now.reasons.map(({ logit, group, sentence }) => [`+${logit.toFixed(2)}`, group, sentence]),
      ),
    )
  }
  const consent = Object.entries(view.consent).map(([purpose, { granted, at: said }]) => [
    purpose,
    granted ? 'yes' : 'no',
    when(said),
  ])
  if (consent.length > 0) sections.push(section('consent', consent))
  const actions = Object.entries(view.actions).flatMap(([kind, ledger]) =>
    Object.entries(ledger)
      .filter(([, value]) => value !== undefined && value !== 0)
      .map(([step, value]) => [
        kind,
        step,
        step.endsWith('At') || step.endsWith('Until') ? when(String(value)) : String(value),
      ]),
  )
  if (actions.length > 0) sections.push(section('actions', actions))
  if (view.timeline.length > 0) {
    sections.push(
      section(
        'timeline',
        view.timeline.map(({ at: time, kind, detail }) => [
          instant(Date.parse(time)),
          kind,
          detailText(kind, detail, currency),
        ]),
      ),
    )
  }
  const features = view.features.flatMap(({ group, features }) =>
    features.map(({ name, value, unit }) => [group, name, Number(value.toPrecision(6)), unit]),
  )
  if (!view.erased) sections.push(section('features', features))
  return sections.join('\n\n')
}

function section(title: string, rows: readonly (readonly Cell[])[]): string {
  return `${title}\n${table(rows, '  ')}`
}

function detailText(kind: string, detail: number, currency: string): string {
  if (kind.startsWith('purchase.')) return money(detail, currency)
  if (kind.startsWith('band.')) return detail === 0 ? '' : percent(detail)
  if (kind === 'action.snoozed') return `until ${instant(detail)}`
  if (kind === 'survey.responded' || kind === 'social.mentioned') return String(detail)
  return ''
}
