export { type Champion, type ChampionOptions, type ModelDetail, type ModelRole, openChampion } from './champion.ts'
export { mayContact, type OpenModel, openBackend, openFolder, openFromFolder, openStored } from './open-model.ts'
export { MODEL_SETTINGS, type ModelSettings } from './settings.ts'
export { parseTrainingDistribution, type TrainingDistribution } from './training-distribution.ts'
