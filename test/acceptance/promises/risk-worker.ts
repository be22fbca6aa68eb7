import type { Chapter } from '../promise.ts'
import { testsOf } from '../promise.ts'
import { commits, faults, fencing, holds, shardConsumer, wrongPartition } from './tests.ts'

const handover = testsOf('test/integration/risk-worker/handover.test.ts')
const bounds = testsOf('test/integration/shard/failing-arguments.test.ts')
const server = testsOf('test/integration/shard/failing-server.test.ts')

export const RISK_WORKER: readonly Chapter[] = [
  {
    title: 'the risk-worker',
    promises: [
      {
        promise: 'a customer who falls silent changes bands at the appointed time, with no event at all, and is queued',
        shownBy: holds(
          'a customer whose horizon ends in some seconds lapses then, with no event at all, and is queued',
        ),
      },
      {
        promise: 'its assignment is co-partitioned: a member has the same partitions of every topic',
        shownBy: [
          ...shardConsumer('two members share the partitions so that each has the same ones of every topic'),
          ...handover('two workers share the partitions, and each takes over when the other goes'),
        ],
      },
      {
        promise:
          'owner tokens: of two owners only the later one can write, and a frozen one corrupts nothing when it thaws',
        shownBy: [
          ...fencing(
            'who claims later owns the shard: every commit of the earlier owner is refused and touches nothing',
          ),
          ...faults('the worker frozen past its session, another takes over, and it thaws'),
        ],
      },
      {
        promise: 'it reads once and writes once a batch, by one atomic script a shard',
        shownBy: [
          ...commits(
            'a first commit and one upon it leave exactly what they say',
            'a hundred thousand customers are one commit',
          ),
          ...testsOf('services/risk-worker/src/lane/pass.test.ts')({
            test: 'states > states are read in one go, each once, and events are folded in their order',
            plays: 'the shard, to see what is asked of it',
          }),
          ...testsOf('services/risk-worker/src/lane/look.test.ts')({
            test: 'one call of the model for the whole batch, and not more rows than it is good for at once',
            plays: 'the model, to count its calls',
          }),
        ],
      },
      {
        promise: 'the script writes all or nothing, wherever it fails',
        shownBy: [
          ...server('where %s fails, nothing is written', 'memory that ends in the middle of a commit does not cut it'),
          ...bounds('%s with a broken byte are another change in good order, or fail and touch nothing'),
        ],
      },
      {
        promise: 'the outbox is relayed to BullMQ, to proactive-outreach and reactivation',
        shownBy: [
          ...faults('whoever must be contacted is queued, under one episode'),
          ...handover('the next worker goes on from there, and all that was decided leaves the outbox'),
        ],
      },
      {
        promise: 'invalid records become dead letters, byte for byte',
        shownBy: faults('every invalid record is a dead letter, byte for byte'),
      },
      {
        promise:
          'records on the wrong partition or without a key are published again where they belong, and folded once',
        shownBy: wrongPartition(
          'without a key on the right partition',
          'copies that are sent again, as after a crash of the relay, are not folded again',
          'a worker that dies between the copy and its fold, and one that takes over',
        ),
      },
      {
        promise: 'backpressure: a shard whose outbox is full holds back until it has been moved',
        shownBy: [
          ...testsOf('services/risk-worker/src/relay.test.ts')({
            test: 'a full outbox holds the shard back until it has been moved',
            plays: 'outbox and queues, to fill the one while the others stand still',
          }),
          ...shardConsumer('a pause holds one partition of all topics back until it is resumed'),
        ],
      },
      {
        promise: 'heartbeats go on during long batches',
        shownBy: testsOf('test/integration/risk-worker/heartbeat.test.ts')(
          'a batch that takes longer than the session does not lose the shards',
        ),
      },
      {
        promise: 'a graceful stop finishes the batch, commits and leaves the group',
        shownBy: handover(
          'SIGTERM in the middle of a backlog: what was folded is committed, the group is left, the exit code is 0',
        ),
      },
      {
        promise: 'every compression codec is read: gzip, snappy, lz4, zstd',
        shownBy: [
          ...wrongPartition('another client’s batches > kcat with %s'),
          ...testsOf('test/integration/platform/codecs.test.ts')('batches that kcat packs with %s are read'),
        ],
      },
      {
        promise: 'SASL and TLS by configuration',
        shownBy: testsOf('test/integration/platform/secured.test.ts')(
          '%s over TLS is let in by configuration',
          'a wrong password is told as such',
          'a certificate that nobody vouches for is told as such',
        ),
      },
      {
        promise: 'topic names by configuration',
        shownBy: [
          ...testsOf('shared/contracts/src/names.test.ts')('topicNames > lays own names over the defaults'),
          ...testsOf('test/scenarios/kcat-inspect.test.ts')(
            'an event from kcat is in what inspect shows within a second, folded and looked at',
          ),
        ],
      },
      {
        promise: '/healthz, /readyz and /metrics',
        shownBy: testsOf('test/acceptance/two-commands.test.ts')(
          'every service answers to its probes and gives its metrics',
        ),
      },
      {
        promise: 'a start that cannot go well says what is missing or wrong',
        shownBy: testsOf('test/integration/risk-worker/start-up.test.ts')(
          'no model',
          'a policy file with faults, each named by its path',
          'a setting that is none',
          'no Kafka',
          'no Redis',
          'inputs that differ in their number of partitions',
          'another number than the states were built from',
        ),
      },
      {
        promise: 'no crash can tell: killed, restored, restarted, no event is lost and none counts twice',
        shownBy: faults(
          'kill -9 in the middle of a backlog, … times',
          'Redis killed and started again while the worker runs',
          'the broker killed and started again while the worker runs',
          'Redis put back to an older snapshot while the worker runs',
          'the folded half of every state is the naive recompute over the log',
          'every aggregate is the recount from the states',
        ),
      },
    ],
  },
]
