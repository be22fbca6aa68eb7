import type { Area } from '../promise.ts'
import { BAD_LOGS } from './bad-logs.ts'
import { DATASETS } from './datasets.ts'
import { IMPORTING } from './importing.ts'
import { LIFECYCLE } from './lifecycle.ts'
import { TRAINING } from './training.ts'

/** Data engineers retrain from real logs, and can trust the result. */
export const LEARNING: Area = {
  name: 'learning',
  about: 'retraining from real logs',
  chapters: [...IMPORTING, ...DATASETS, ...TRAINING, ...LIFECYCLE, ...BAD_LOGS],
}
