export {
  type ModelPointer,
  type ModelPointers,
  type ModelStore,
  modelStore,
  pointTo,
  type ReadPointers,
  withChampion,
} from './model-store.ts'
export { digestOf, packModel, type StoredModel, unpackModel } from './stored-model.ts'
export { type KeptOutcomes, type WatchStore, watchStore } from './watch-store.ts'
