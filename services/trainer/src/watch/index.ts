export type { History } from './history.ts'
export { observeWatch } from './observe.ts'
export { type Sample, type SampleRequest, sampleBuyers } from './sample.ts'
export { WATCH_LIMITS, type Watched, type WatchLimits, type WatchOptions, watchModel } from './watch-model.ts'
