import {
  auc,
  aucStandardError,
  averagePrecision,
  brier,
  calibrationError,
  logLoss,
  type ReliabilityBin,
  reliability,
} from '../metrics/index.ts'

/** How good the model is on rows that it has not seen. */
export interface Evaluation {
  readonly rows: number
  /** Share of rows that churned. */
  readonly baseRate: number
  readonly auc: number
  readonly aucStandardError: number
  readonly averagePrecision: number
  readonly logLoss: number
  /** Log loss of saying the base rate to everybody. */
  readonly baseLogLoss: number
  readonly brier: number
  readonly calibrationError: number
  readonly reliability: readonly ReliabilityBin[]
  /** AUC of ranking by days since the last purchase, and nothing else. */
  readonly recencyAuc: number
  /** AUC of the best that there is, where the truth is known. */
  readonly ceilings?: Ceilings
}

export interface Ceilings {
  /** Every customer's latent rates and phase known, though not the future. */
  readonly latent: number
  /** Only the events known, and the population that they come from: no model can rank better on average. */
  readonly posterior: number
}

/** One value a row in each list. */
export interface Judged {
  readonly probabilities: ArrayLike<number>
  /** Rank rows where probabilities saturate. */
  readonly logits: ArrayLike<number>
  readonly labels: ArrayLike<number>
  readonly recencyDays: ArrayLike<number>
  readonly ceilings?: { readonly latent: ArrayLike<number>; readonly posterior: ArrayLike<number> }
}

export function evaluate({ probabilities, logits, labels, recencyDays, ceilings }: Judged): Evaluation {
  const rows = labels.length
  const churned = Array.from(labels).reduce((sum, label) => sum + label, 0)
  const area = auc(logits, labels)
  const table = reliability(probabilities, labels)
  return {
    rows,
    baseRate: churned / rows,
    auc: area,
    aucStandardError: aucStandardError(area, churned, rows - churned),
    averagePrecision: averagePrecision(logits, labels),
    logLoss: logLoss(probabilities, labels),
    baseLogLoss: logLoss(new Float64Array(rows).fill(churned / rows), labels),
    brier: brier(probabilities, labels),
    calibrationError: calibrationError(table),
    reliability: table,
    recencyAuc: auc(recencyDays, labels),
    ...(ceilings && { ceilings: { latent: auc(ceilings.latent, labels), posterior: auc(ceilings.posterior, labels) } }),
  }
}
