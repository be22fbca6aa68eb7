export { naiveFeatures } from './naive-features.ts'
export { naiveState, withoutDuplicates } from './naive-state.ts'
export { sameFolded } from './same-folded.ts'
