import { markProcess, type ResolvedServices, type RunMode, type RunState, writeRunState } from '@holdfast/local'

/** The run state, written at each change. */
export interface RunRecord {
  state(): RunState
  put(service: RunState['services'][number]): void
}

export function createRunRecord(mode: RunMode, { kafka, redis }: ResolvedServices): RunRecord {
  let state: RunState = {
    mode,
    startedAt: new Date().toISOString(),
    owner: markProcess(process.pid),
    kafka: {
      origin: kafka.origin,
      brokers: kafka.brokers,
      ...(kafka.pid !== undefined && { process: markProcess(kafka.pid) }),
    },
    redis: {
      origin: redis.origin,
      urls: redis.urls,
      ...(redis.pid !== undefined && { process: markProcess(redis.pid) }),
    },
    services: [],
  }
  writeRunState(state)
  return {
    state: () => state,
    put(service) {
      const isIt = ({ name }: { name: string }) => name === service.name
      const known = state.services.some(isIt)
      const services = known ? state.services.map((s) => (isIt(s) ? service : s)) : [...state.services, service]
      state = { ...state, services }
      writeRunState(state)
    },
  }
}
