import type { Chapter } from '../promise.ts'

/** Each is to be shown on a real Kafka and a real Redis while events flow. */
export const LIFECYCLE: readonly Chapter[] = [
  {
    title: 'registry and lifecycle of models',
    promises: [
      {
        promise:
          'models/ holds versions; Redis has the champion’s pointer and weights, so that services may run elsewhere',
        shownBy: [],
      },
      { promise: '`models list|show|compare|promote|rollback`', shownBy: [] },
      {
        promise:
          'promotion is gated: not worse on the newest window (paired bootstrap), calibrated, with a compatible feature table',
        shownBy: [],
      },
      {
        promise:
          'risk-workers load a promoted model within seconds, without restart or lost events, and no stampede of appointments',
        shownBy: [],
      },
      { promise: 'rollback puts the last champion back', shownBy: [] },
      { promise: 'a challenger scores in shadow, and its scores are compared live', shownBy: [] },
      {
        promise: 'a corrupt, missing or incompatible model never takes scoring down: the last good one stays, loudly',
        shownBy: [],
      },
    ],
  },
  {
    title: 'watching the model',
    promises: [
      { promise: 'drift (PSI by feature, and of the score) as metrics and API', shownBy: [] },
      { promise: 'matured outcomes (live AUC, calibration) as metrics and API', shownBy: [] },
      { promise: 'services/trainer retrains on a schedule or on drift, and proposes', shownBy: [] },
      { promise: 'it promotes by itself only if configured to', shownBy: [] },
    ],
  },
  {
    title: 'backtest',
    promises: [
      {
        promise:
          '`backtest --events SRC --policy FILE --from … --to …` runs the whole decision path on the log’s own time',
        shownBy: [],
      },
      { promise: 'alerts per day, share that churned, days of warning, jobs by kind', shownBy: [] },
    ],
  },
]
