export { naiveFeatures } from './naive-features.ts'
export { bandHistory, naiveBand, naiveLogit, type OracleEvaluation, oracleEvaluate, type Stay } from './naive-risk.ts'
export { naiveState, withoutDuplicates } from './naive-state.ts'
export { sameFolded } from './same-folded.ts'
