import { as, type ConfigOf, type Settings } from '@holdfast/platform'

/** Where models come from and whom they may contact: the same for all services of an installation. Each takes what it needs. */
export const MODEL_SETTINGS = {
  MODELS_DIR: { parse: as.required(), default: 'models', unit: 'path', says: 'Folder of model versions.' },
  MODEL_VERSION: {
    parse: as.text(),
    default: '',
    unit: '-',
    says: 'Version that an installation begins with, before any was promoted; empty for the newest in the folder.',
  },
  LOG_IS_GENERATED: {
    parse: as.flag(),
    default: 'false',
    unit: '-',
    says: 'Whether the log is a generated shop, whose customers a model that learned from one may contact.',
  },
} as const satisfies Settings

/** What it takes to open a model of the folder. */
export type ModelSettings = Pick<ConfigOf<typeof MODEL_SETTINGS>, 'MODELS_DIR' | 'MODEL_VERSION'>
