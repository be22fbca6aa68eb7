import type { SurveyKind } from '../event.ts'
import { SUPPORT_HALF_LIVES } from '../state/customer-state.ts'
import type { Facts } from './facts.ts'
import { type FeatureRow, flag, log1p, logOfSum, type Source } from './row.ts'

type Decayed = (f: Facts) => readonly number[]

const decayed = (
  group: FeatureRow['group'] & Source,
  name: string,
  what: string,
  why: string,
  sums: Decayed,
): FeatureRow[] =>
  SUPPORT_HALF_LIVES.map((days, i) => ({
    name: `${name}${days}`,
    group,
    unit: 'log',
    silence: 'falls',
    zeroWithout: group,
    formula: `log1p(${what} decayed with half-life ${days} d)`,
    why,
    ...logOfSum(sums, i),
  }))

const support: FeatureRow[] = [
  {
    name: 'hasSupport',
    group: 'support',
    unit: '0/1',
    silence: 'constant',
    zeroWithout: 'support',
    formula: 'any support event',
    why: 'whoever never asked for help has no support history',
    of: (f) => flag(f.state.support !== undefined),
  },
  {
    name: 'logOpenTickets',
    group: 'support',
    unit: 'log',
    silence: 'constant',
    zeroWithout: 'support',
    formula: 'log1p(max(0, opened + reopened - resolved))',
    why: 'an unsolved problem',
    of: (f) => log1p(f.still.openTickets),
  },
  ...decayed('support', 'logTickets', 'tickets', 'recent trouble', (f) => f.decayedTickets),
  ...decayed('support', 'logComplaints', 'complaints', 'recent anger', (f) => f.decayedComplaints),
  ...decayed(
    'support',
    'logEscalations',
    'escalations',
    'trouble that the first answer did not end',
    (f) => f.decayedEscalations,
  ).slice(1),
  {
    name: 'logResolutionHours',
    group: 'support',
    unit: 'log h',
    silence: 'constant',
    zeroWithout: 'support',
    formula: 'log1p(mean hours from opening to resolution)',
    why: 'slow help drives away',
    of: (f) => log1p(f.still.resolutionHours),
  },
]

/** Middle and half range of each survey's scale, so that a score becomes -1 (worst) to 1 (best). */
const SCALES: Readonly<Record<SurveyKind, { middle: number; half: number }>> = {
  csat: { middle: 3, half: 2 },
  nps: { middle: 5, half: 5 },
  ces: { middle: 4, half: 3 },
}

const survey = (kind: SurveyKind): FeatureRow[] => {
  const { middle, half } = SCALES[kind]
  const name = kind.toUpperCase()
  return [
    {
      name: `has${name}`,
      group: 'voice',
      unit: '0/1',
      silence: 'constant',
      formula: `any ${name} answer`,
      why: 'without an answer the score is 0 and says nothing',
      of: ({ state }) => flag((state.surveys[kind]?.responded ?? 0) > 0),
    },
    {
      name: `last${name}`,
      group: 'voice',
      unit: '-1..1',
      silence: 'constant',
      formula: `(last ${name} - ${middle}) / ${half}`,
      why: 'what the customer says',
      of: ({ state }) => {
        const s = state.surveys[kind]
        return s === undefined || s.responded === 0 ? 0 : (s.score - middle) / half
      },
    },
  ]
}

const voice: FeatureRow[] = [
  ...survey('csat'),
  ...survey('nps'),
  ...survey('ces'),
  {
    name: 'surveyResponseRate',
    group: 'voice',
    unit: 'share',
    silence: 'constant',
    formula: 'min(1, surveys answered / surveys sent)',
    why: 'who still answers still cares',
    of: (f) => (f.still.surveysRequested === 0 ? 0 : Math.min(1, f.still.surveysAnswered / f.still.surveysRequested)),
  },
  {
    name: 'meanSentiment',
    group: 'voice',
    unit: '-1..1',
    silence: 'constant',
    formula: 'mean sentiment of social mentions, 0 without any',
    why: 'what the customer says to others',
    of: ({ state: { social } }) => (social === undefined ? 0 : social.sentimentMilli / 1_000 / social.mentions),
  },
]

const engagement: FeatureRow[] = [
  {
    name: 'hasEngagement',
    group: 'engagement',
    unit: '0/1',
    silence: 'constant',
    zeroWithout: 'engagement',
    formula: 'any visit, login, feature use or e-mail opened or clicked',
    why: 'a shop without this source must not look like a shop without visitors',
    of: (f) => flag(f.state.engagement !== undefined),
  },
  {
    name: 'logVisitRecency',
    group: 'engagement',
    unit: 'log d',
    silence: 'rises',
    zeroWithout: 'engagement',
    formula: 'log1p(days since the newest visit, login or feature use), 0 without any',
    why: 'people stop looking before they stop buying',
    of: (f) => log1p(f.visitRecencyDays),
  },
  ...decayed(
    'engagement',
    'logVisits',
    'visits, logins and feature uses',
    'interest now against earlier',
    (f) => f.decayedVisits,
  ),
  ...decayed(
    'engagement',
    'logEmail',
    'e-mail opens and clicks',
    'interest now against earlier',
    (f) => f.decayedEmail,
  ),
]

const contract: FeatureRow[] = [
  contractRow('downgrade', (f) => f.decayedDowngrade, 'a step back'),
  contractRow('pause', (f) => f.decayedPause, 'a step out'),
  contractRow('cancel', (f) => f.decayedCancel, 'the customer said it'),
]

function contractRow(kind: string, sum: (f: Facts) => number, why: string): FeatureRow {
  return {
    name: `${kind}90`,
    group: 'contract',
    unit: 'log',
    silence: 'falls',
    zeroWithout: 'contract',
    formula: `log1p(requests to ${kind} decayed with half-life 90 d)`,
    why,
    of: (f) => log1p(sum(f)),
  }
}

/** Rows of everything but buying: support, voice, engagement, contract. */
export const RELATION: readonly FeatureRow[] = [...support, ...voice, ...engagement, ...contract]
