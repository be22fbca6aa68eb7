export {
  type ModelPointer,
  type ModelPointers,
  type ModelStore,
  modelStore,
  pointTo,
  type ReadPointers,
} from './model-store.ts'
export { digestOf, packModel, type StoredModel } from './stored-model.ts'
