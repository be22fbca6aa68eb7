export { type Daemon, startDaemon } from './daemon.ts'
export { ensureInstalled, type Machine, MissingToolsError, type Tool } from './ensure-installed.ts'
export { dataFolder, homeFolder, type RunMode, repositoryRoot, runStateFile } from './folders.ts'
export { type LocalKafka, type LocalKafkaOptions, MEMBERS_STARTED_TOGETHER_MS, startKafka } from './kafka.ts'
export { findFreePort, findFreePorts } from './ports.ts'
export { isAlive, markProcess, type ProcessMark } from './processes.ts'
export { type Say, sayNothing, sayOnStderr, withProgress } from './progress.ts'
export { type LocalRedis, type LocalRedisOptions, startRedis } from './redis.ts'
export { type LocalRedisCluster, startRedisCluster } from './redis-cluster.ts'
export {
  type ResolvedKafka,
  type ResolvedRedis,
  type ResolvedServices,
  type ResolveOptions,
  resolveServices,
  type ServiceOrigin,
} from './resolve-services.ts'
export {
  type RunState,
  type RunStateReading,
  readRunState,
  removeRunState,
  runStateSchema,
  stopRun,
  writeRunState,
} from './run-state.ts'
export {
  type Stoppable,
  type SupervisedProcess,
  type Supervisor,
  stopInReverse,
  superviseProcess,
} from './supervise.ts'
