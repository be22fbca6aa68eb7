import { testsOf } from '../promise.ts'

/** Files that many promises name. */
export const cleanClone = testsOf('test/acceptance/two-commands.test.ts')
export const trainCommand = testsOf('test/integration/train/train-cli.test.ts')
export const terminal = testsOf('test/acceptance/terminal.test.ts')
export const repository = testsOf('test/acceptance/repository.test.ts')
export const faults = testsOf('test/chaos/faults.test.ts')
export const deliveryFaults = testsOf('test/chaos/delivery.test.ts')
export const badRecords = testsOf('test/integration/risk-worker/bad-input.test.ts')
export const wrongPartition = testsOf('test/integration/risk-worker/wrong-partition.test.ts')
export const shardConsumer = testsOf('test/integration/platform/shard-consumer.test.ts')
export const embedded = testsOf('test/local/embedded-services.test.ts')
export const commits = testsOf('test/integration/shard/commit.test.ts')
export const fencing = testsOf('test/integration/shard/fencing.test.ts')
export const fold = testsOf('shared/core/src/fold/fold.test.ts')
export const features = testsOf('shared/core/src/features/table.test.ts')
export const crossings = testsOf('shared/core/src/risk/crossings.test.ts')
export const conformance = testsOf('shared/scorer/src/conformance.test.ts')
export const backends = testsOf('shared/scorer/src/backend.test.ts')
export const retail = testsOf('test/scenarios/online-retail.test.ts')
export const inspectAudit = testsOf('test/integration/cli/inspect-audit.test.ts')
export const holds = testsOf('test/integration/risk-worker/holds.test.ts')
export const gatewayEvents = testsOf('test/integration/gateway/events.test.ts')
export const gatewayBad = testsOf('test/integration/gateway/bad-input.test.ts')
export const reads = testsOf('test/integration/console/reads.test.ts')
export const actions = testsOf('test/integration/console/actions.test.ts')
export const receivers = testsOf('test/integration/delivery/faults.test.ts')
export const gate = testsOf('test/integration/delivery/gate.test.ts')
export const channels = testsOf('test/integration/delivery/channels.test.ts')
export const importRuns = testsOf('services/cli/src/import/run-import.test.ts')
export const importMaps = testsOf('services/cli/src/import/maps.test.ts')
export const datasetRows = testsOf('services/trainer/src/dataset/build-rows.test.ts')

export const RETAIL_LOG =
  'the real Online Retail log (…): every event accounted for, every customer as a naive recompute has them'
/** The data sets lie beside the repository and do not come with it. */
export const DATA_ABSENT = 'the public data sets do not lie beside the checkout'
