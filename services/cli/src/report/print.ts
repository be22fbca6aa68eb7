import { percent, plural, table } from '../output/text.ts'
import { RETURNED_FROM, type Report, type ReturnedFrom } from './weeks.ts'

const SAID: Readonly<Record<ReturnedFrom, string>> = { at_risk: 'at risk', lapsed: 'lapsed' }

/** Weeks as rows; what came of it all below. */
export function reportText({ weeks, totals }: Report): string {
  if (weeks.length === 0) return 'nothing has happened yet'
  const head = ['week of', 'healthy', 'watch', 'at risk', 'lapsed', 'orders', 'outreach', 'win-back', 'came back']
  const rows = weeks.map(({ from, bands, purchases, jobs, cameBack }) => [
    from,
    bands.healthy,
    bands.watch,
    bands.at_risk,
    bands.lapsed,
    purchases,
    jobs['proactive-outreach'],
    jobs.reactivation,
    cameBack.at_risk + cameBack.lapsed,
  ])
  const lines = [
    `${plural(totals.customers, 'customer')}, ${plural(totals.purchases, 'order')}`,
    `jobs sent: ${totals.jobs['proactive-outreach']} outreach, ${totals.jobs.reactivation} win-back; delivered: ${totals.delivered['proactive-outreach']} and ${totals.delivered.reactivation}`,
  ]
  const withheld = Object.entries(totals.withheld).map(([reason, n]) => `${n} ${reason}`)
  if (withheld.length > 0) lines.push(`not contacted: ${withheld.join(', ')}`)
  for (const band of RETURNED_FROM) {
    const { began, endedWithPurchase, contacted, contactedAndEndedWithPurchase } = totals.stays[band]
    const share = (part: number, whole: number) => (whole === 0 ? '-' : percent(part / whole))
    lines.push(
      `${SAID[band]} ${plural(began, 'time')}: bought again ${endedWithPurchase} (${share(endedWithPurchase, began)}); ` +
        `of ${contacted} who were contacted: ${contactedAndEndedWithPurchase} (${share(contactedAndEndedWithPurchase, contacted)})`,
    )
  }
  return `${table([head, ...rows])}\n\n${lines.join('\n')}`
}
