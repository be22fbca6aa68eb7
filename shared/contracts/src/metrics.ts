/**
 * Every Prometheus metric of the risk-worker: name, kind, labels and what it says to whoever looks at it at night. Plain
 * data: `@holdfast/platform` makes collectors of it. Times are in seconds, as Prometheus likes them.
 */

export interface MetricSpec {
  readonly name: string
  readonly kind: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
  /** Upper bounds; histograms only. */
  readonly buckets?: readonly number[]
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const ROWS = [1, 8, 32, 128, 512, 2048, 8192]

/** Of every service that answers over HTTP. */
export const HTTP_METRICS = {
  httpRequests: {
    name: 'holdfast_http_requests_total',
    kind: 'counter',
    labels: ['method', 'route', 'status'],
    help: 'Requests answered; route is the pattern, such as /v1/customers/:id, or none.',
  },
  httpSeconds: {
    name: 'holdfast_http_request_seconds',
    kind: 'histogram',
    labels: ['route'],
    buckets: SECONDS,
    help: 'From the first byte of a request to the last of its answer.',
  },
} as const satisfies Readonly<Record<string, MetricSpec>>

export const RISK_WORKER_METRICS = {
  records: {
    name: 'holdfast_records_total',
    kind: 'counter',
    labels: ['topic', 'outcome'],
    help: 'Records taken from Kafka; outcome: folded, duplicate, unknown_type, invalid, republished or already_taken.',
  },
  deadLetters: {
    name: 'holdfast_dead_letters_total',
    kind: 'counter',
    labels: ['topic'],
    help: 'Records put aside as dead letters, by the topic they came from. Read the reasons with: holdfast dlq.',
  },
  intakeStopped: {
    name: 'holdfast_intake_stopped',
    kind: 'gauge',
    labels: [],
    help: '1 while intake stands still because most recent records were invalid; lifted by: holdfast dlq resume.',
  },
  lag: {
    name: 'holdfast_lag_records',
    kind: 'gauge',
    labels: ['topic', 'partition'],
    help: 'Records between the offset stored with the state and the end of the log.',
  },
  foldSeconds: {
    name: 'holdfast_fold_seconds',
    kind: 'histogram',
    labels: [],
    buckets: SECONDS,
    help: 'Time to decode the states of a commit and to fold its events into them.',
  },
  commitSeconds: {
    name: 'holdfast_commit_seconds',
    kind: 'histogram',
    labels: [],
    buckets: SECONDS,
    help: 'Time of one atomic commit of a shard, from the call to the answer of Redis.',
  },
  commitCustomers: {
    name: 'holdfast_commit_customers',
    kind: 'histogram',
    labels: [],
    buckets: ROWS,
    help: 'Customers written by one commit.',
  },
  commitsRefused: {
    name: 'holdfast_commits_refused_total',
    kind: 'counter',
    labels: ['reason'],
    help: 'Commits that Redis refused; reason: owner (the shard has another owner), number (state is older or newer) or range.',
  },
  scoredCustomers: {
    name: 'holdfast_scored_customers_total',
    kind: 'counter',
    labels: [],
    help: 'Customers scored by the model.',
  },
  scoreBatchRows: {
    name: 'holdfast_score_batch_rows',
    kind: 'histogram',
    labels: [],
    buckets: ROWS,
    help: 'Customers in one call of the model.',
  },
  scoreSeconds: {
    name: 'holdfast_score_seconds',
    kind: 'histogram',
    labels: ['backend'],
    buckets: SECONDS,
    help: 'Time of one call of the model.',
  },
  bandChanges: {
    name: 'holdfast_band_changes_total',
    kind: 'counter',
    labels: ['from', 'to'],
    help: 'Customers who moved from one risk band to another.',
  },
  decisions: {
    name: 'holdfast_decisions_total',
    kind: 'counter',
    labels: ['action', 'outcome'],
    help: 'Decisions taken; outcome: queued, or the reason for which nothing is sent.',
  },
  dueOverdue: {
    name: 'holdfast_appointments_overdue',
    kind: 'gauge',
    labels: ['partition'],
    help: 'Customers whose appointment has passed and who have not been looked at yet.',
  },
  outboxEntries: {
    name: 'holdfast_outbox_entries',
    kind: 'gauge',
    labels: ['partition'],
    help: 'Jobs, dead letters, re-published records and band changes committed and not yet sent on.',
  },
  relayed: {
    name: 'holdfast_relayed_total',
    kind: 'counter',
    labels: ['kind'],
    help: 'Outbox entries sent on; kind: job, dead_letter, republished or risk_change.',
  },
  decisionToJobSeconds: {
    name: 'holdfast_decision_to_job_seconds',
    kind: 'histogram',
    labels: ['action'],
    buckets: SECONDS,
    help: 'From a decision to its job being in the queue.',
  },
  shardsOwned: {
    name: 'holdfast_shards_owned',
    kind: 'gauge',
    labels: [],
    help: 'Shards (Kafka partitions) that this process owns.',
  },
  modelInfo: {
    name: 'holdfast_model_info',
    kind: 'gauge',
    labels: ['version', 'learned_from', 'backend'],
    help: '1 for the model that scores now.',
  },
  modelRefused: {
    name: 'holdfast_model_refused',
    kind: 'gauge',
    labels: ['role'],
    help: '1 while the promoted champion or challenger cannot be used, so that the last good one stays; /readyz says why.',
  },
  modelSwitches: {
    name: 'holdfast_model_switches_total',
    kind: 'counter',
    labels: [],
    help: 'Times that another champion was taken into use while running.',
  },
  modelSwept: {
    name: 'holdfast_model_swept_total',
    kind: 'counter',
    labels: [],
    help: 'Customers looked at with a new champion ahead of their appointment.',
  },
  challengerRows: {
    name: 'holdfast_challenger_rows_total',
    kind: 'counter',
    labels: ['version', 'band', 'challenger_band'],
    help: 'Customers scored by the challenger beside the champion, by the band that each finds.',
  },
  challengerDifference: {
    name: 'holdfast_challenger_difference_total',
    kind: 'counter',
    labels: ['version'],
    help: 'Sum of the absolute differences of the two probabilities; over holdfast_challenger_rows_total it is the mean.',
  },
  challengerPairs: {
    name: 'holdfast_challenger_pairs_total',
    kind: 'counter',
    labels: ['version', 'order'],
    help: 'Pairs of customers scored one after the other; order: same where both models rank them alike, else other.',
  },
  challengerFailures: {
    name: 'holdfast_challenger_failures_total',
    kind: 'counter',
    labels: ['version'],
    help: 'Calls of the challenger that failed; nothing else depends on them.',
  },
} as const satisfies Readonly<Record<string, MetricSpec>>

export type RiskWorkerMetric = keyof typeof RISK_WORKER_METRICS

/** Of the delivery-worker. `action` is also the name of the queue. */
export const DELIVERY_WORKER_METRICS = {
  deliveries: {
    name: 'holdfast_deliveries_total',
    kind: 'counter',
    labels: ['action', 'outcome'],
    help: 'Jobs settled; outcome: delivered, suppressed, failed, or partly (one channel took it, another never did).',
  },
  suppressed: {
    name: 'holdfast_deliveries_suppressed_total',
    kind: 'counter',
    labels: ['action', 'reason'],
    help: 'Jobs that the gate refused at send time, by reason.',
  },
  held: {
    name: 'holdfast_deliveries_held_total',
    kind: 'counter',
    labels: ['action', 'reason'],
    help: 'Times a job was put off; reason: behind, unreadable or log_unknown (of its shard), snoozed or cooldown (of the customer).',
  },
  attempts: {
    name: 'holdfast_delivery_attempts_total',
    kind: 'counter',
    labels: ['action', 'channel', 'outcome'],
    help: 'Attempts to hand over a message; outcome: delivered, retry (it will be tried again), rejected or skipped.',
  },
  attemptSeconds: {
    name: 'holdfast_delivery_attempt_seconds',
    kind: 'histogram',
    labels: ['channel'],
    buckets: SECONDS,
    help: 'Time of one attempt, until the receiver answered or the attempt was broken off.',
  },
  queuedToDeliveredSeconds: {
    name: 'holdfast_queued_to_delivered_seconds',
    kind: 'histogram',
    labels: ['action'],
    buckets: SECONDS,
    help: 'From a job being queued to the first channel having taken its message.',
  },
  channelResting: {
    name: 'holdfast_channel_resting',
    kind: 'gauge',
    labels: ['action', 'channel'],
    help: '1 while a channel rests because attempt after attempt failed; its jobs wait and lose no attempt.',
  },
  queueJobs: {
    name: 'holdfast_queue_jobs',
    kind: 'gauge',
    labels: ['action', 'state'],
    help: 'Jobs in a queue; state: waiting, active, delayed or failed. Failed ones are kept until somebody tries them again.',
  },
} as const satisfies Readonly<Record<string, MetricSpec>>

export const CONSOLE_METRICS = {
  requestSeconds: {
    name: 'holdfast_console_request_seconds',
    kind: 'histogram',
    labels: ['method', 'route', 'status'],
    buckets: SECONDS,
    help: 'Time from a request to the end of its answer; a stream of changes counts when it ends.',
  },
  streams: {
    name: 'holdfast_console_streams',
    kind: 'gauge',
    labels: [],
    help: 'Listeners to band changes that are connected now.',
  },
  streamsDropped: {
    name: 'holdfast_console_streams_dropped_total',
    kind: 'counter',
    labels: ['reason'],
    help: 'Listeners that were dropped; reason: overtaken (slower than changes came) or stalled (took nothing at all).',
  },
  changes: {
    name: 'holdfast_console_changes_total',
    kind: 'counter',
    labels: ['outcome'],
    help: 'Records of the topic of band changes; outcome: taken, or invalid (not one of ours, and passed over).',
  },
  answers: {
    name: 'holdfast_console_answers_total',
    kind: 'counter',
    labels: ['type'],
    help: 'What people said about customers, by type of the event that was written to the log.',
  },
} as const satisfies Readonly<Record<string, MetricSpec>>

export const GATEWAY_METRICS = {
  ...HTTP_METRICS,
  events: {
    name: 'holdfast_gateway_events_total',
    kind: 'counter',
    labels: ['outcome'],
    help: 'Events received; outcome: accepted, duplicate, rejected, or unavailable (Kafka did not confirm in time).',
  },
  inFlightBytes: {
    name: 'holdfast_gateway_in_flight_bytes',
    kind: 'gauge',
    labels: [],
    help: 'Bodies of requests that are not answered or not yet in Kafka; at its limit, senders get 429.',
  },
  kafkaReachable: {
    name: 'holdfast_gateway_kafka_reachable',
    kind: 'gauge',
    labels: [],
    help: '1 while Kafka answers; at 0 senders get 503.',
  },
  sentRecords: {
    name: 'holdfast_gateway_send_records',
    kind: 'histogram',
    labels: ['topic'],
    buckets: ROWS,
    help: 'Records in one send to Kafka.',
  },
  sendSeconds: {
    name: 'holdfast_gateway_send_seconds',
    kind: 'histogram',
    labels: ['topic'],
    buckets: SECONDS,
    help: 'Time of one send, until all replicas in sync have it.',
  },
} as const satisfies Readonly<Record<string, MetricSpec>>

/** Of the trainer. What Redis alone knows, such as the newest outcome, is read when the metrics are. */
export const TRAINER_METRICS = {
  retrainings: {
    name: 'holdfast_retrainings_total',
    kind: 'counter',
    labels: ['why', 'outcome'],
    help: 'Retrainings ended by this process; why: schedule, drift or asked; outcome: proposed, promoted, refused, too_little_history or failed.',
  },
  retrainingSeconds: {
    name: 'holdfast_retraining_seconds',
    kind: 'histogram',
    labels: [],
    buckets: [1, 5, 15, 60, 300, 900, 3_600],
    help: 'Time of one retraining, from reading the topics to the verdict of the gate.',
  },
  retrainingRunning: {
    name: 'holdfast_retraining_running',
    kind: 'gauge',
    labels: [],
    help: '1 while this process retrains.',
  },
  retrainingLast: {
    name: 'holdfast_retraining_last',
    kind: 'gauge',
    labels: ['outcome'],
    help: '1 for what came of the newest retraining of the installation; the reason is in: holdfast models list.',
  },
  retrainingLastEnded: {
    name: 'holdfast_retraining_last_ended_timestamp_seconds',
    kind: 'gauge',
    labels: [],
    help: 'When the newest retraining ended, seconds since 1970; 0 before the first.',
  },
  retrainingNext: {
    name: 'holdfast_retraining_next_timestamp_seconds',
    kind: 'gauge',
    labels: ['schedule'],
    help: 'When a schedule comes next, seconds since 1970; schedule: retrain or watch. Absent for one that is off.',
  },
  proposalOpen: {
    name: 'holdfast_model_proposal_open',
    kind: 'gauge',
    labels: [],
    help: '1 while a model that passed waits for somebody to promote it: holdfast models promote.',
  },
} as const satisfies Readonly<Record<string, MetricSpec>>

/** Of watching the champion; served by the trainer. Figures are those of the last watch, read by whoever runs it. */
export const WATCH_METRICS = {
  watches: {
    name: 'holdfast_watches_total',
    kind: 'counter',
    labels: ['outcome'],
    help: 'Looks at how the champion does; outcome: measured, behind (states behind the log, so nothing is judged), no_model, model_unusable, no_customers or failed.',
  },
  watchedAt: {
    name: 'holdfast_watch_last_timestamp_seconds',
    kind: 'gauge',
    labels: [],
    help: 'When the champion was last measured, in domain time, seconds since 1970.',
  },
  driftScore: {
    name: 'holdfast_drift_score_psi',
    kind: 'gauge',
    labels: ['version'],
    help: 'Population stability index of the probabilities against the training rows: above 0.25 another population. Absent where it is not known: holdfast models drift says why.',
  },
  driftFeature: {
    name: 'holdfast_drift_feature_psi',
    kind: 'gauge',
    labels: ['version', 'feature'],
    help: 'Population stability index of one feature against the training rows.',
  },
  driftCustomers: {
    name: 'holdfast_drift_customers',
    kind: 'gauge',
    labels: ['version'],
    help: 'Customers in the sample by which drift was measured.',
  },
  outcomeAuc: {
    name: 'holdfast_outcome_auc',
    kind: 'gauge',
    labels: ['version'],
    help: 'Live AUC of the newest cohort of predictions whose horizon has passed.',
  },
  outcomeLogLoss: {
    name: 'holdfast_outcome_log_loss',
    kind: 'gauge',
    labels: ['version'],
    help: 'Live log loss of the newest cohort.',
  },
  outcomeBrier: {
    name: 'holdfast_outcome_brier',
    kind: 'gauge',
    labels: ['version'],
    help: 'Live Brier score of the newest cohort.',
  },
  outcomeEce: {
    name: 'holdfast_outcome_ece',
    kind: 'gauge',
    labels: ['version'],
    help: 'Live expected calibration error of the newest cohort, over ten bins.',
  },
  outcomeCustomers: {
    name: 'holdfast_outcome_customers',
    kind: 'gauge',
    labels: ['version', 'outcome'],
    help: 'Customers of the newest cohort; outcome: churned, returned, erased or unknown (the last two are not judged).',
  },
  cohortsOpen: {
    name: 'holdfast_cohorts_open',
    kind: 'gauge',
    labels: [],
    help: 'Cohorts of predictions that wait for their horizon to pass.',
  },
  cohortsCorrupt: {
    name: 'holdfast_cohorts_corrupt',
    kind: 'gauge',
    labels: [],
    help: 'Stored cohorts that cannot be read and are passed over; the log names them.',
  },
  cohortsJudged: {
    name: 'holdfast_cohorts_judged_total',
    kind: 'counter',
    labels: [],
    help: 'Cohorts judged by this process.',
  },
  cohortsExpired: {
    name: 'holdfast_cohorts_expired_total',
    kind: 'counter',
    labels: [],
    help: 'Cohorts that could not be read and were forgotten when their time was over.',
  },
} as const satisfies Readonly<Record<string, MetricSpec>>
