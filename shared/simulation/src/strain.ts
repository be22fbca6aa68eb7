import type { SurveyKind } from '@holdfast/core'
import type { ShopCloudEvent } from './event.ts'
import type { Mood, StrainRule } from './population.ts'
import { DAY_MS } from './season.ts'

/** The mood that a score speaks of: CSAT 1..5, NPS 0..10 (Reichheld 2003), CES 1..7 where 7 is "easy" (CES 2.0). */
export function moodOf(kind: SurveyKind, score: number): Mood {
  const [neutralFrom, goodFrom] = { csat: [3, 4], nps: [7, 9], ces: [4, 6] }[kind]
  if (neutralFrom === undefined || goodFrom === undefined) throw new Error(`no such survey: ${kind}`)
  return score >= goodFrom ? 'good' : score >= neutralFrom ? 'neutral' : 'bad'
}

/** What an event adds to the strain from its time on, 0 for most. Observable: it reads nothing but the event. */
export function strainOf(rule: StrainRule, type: ShopCloudEvent['type'], data: ShopCloudEvent['data']): number {
  switch (type) {
    case 'support.ticket_opened':
      return data.complaint === true ? rule.complaint : 0
    case 'support.ticket_escalated':
      return rule.escalation
    case 'support.ticket_reopened':
      return rule.reopening
    case 'survey.responded': {
      const { kind, score } = data
      if ((kind !== 'csat' && kind !== 'nps' && kind !== 'ces') || typeof score !== 'number') return 0
      const mood = moodOf(kind, score)
      return mood === 'bad' ? rule.badAnswer : mood === 'good' ? rule.goodAnswer : 0
    }
    default:
      return 0
  }
}

/** The running sum of a customer's strains, each for `rule.days`. */
export class Strain {
  readonly #rule: StrainRule
  #ends: { readonly at: number; readonly weight: number }[] = []

  constructor(rule: StrainRule) {
    this.#rule = rule
  }

  add(at: number, weight: number): void {
    this.#ends.push({ at: at + this.#rule.days * DAY_MS, weight })
  }

  /** Drops what has ended by `at` (ms). */
  expire(at: number): void {
    while (this.nextEnd() <= at) this.#ends.shift()
  }

  /** When the oldest strain ends, ms. All last equally long, so the first to come is the first to go. */
  nextEnd(): number {
    return this.#ends[0]?.at ?? Number.POSITIVE_INFINITY
  }

  level(): number {
    let sum = 0
    for (const { weight } of this.#ends) sum += weight
    return Math.min(this.#rule.highest, Math.max(this.#rule.lowest, sum))
  }

  /** Factor on the customer's own hazard: exp(level). */
  factor(): number {
    return Math.exp(this.level())
  }

  strained(): boolean {
    return this.level() > this.#rule.strainedAbove
  }
}
