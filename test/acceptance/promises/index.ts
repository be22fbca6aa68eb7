import type { Area } from '../promise.ts'
import { HEART } from './heart.ts'
import { LEARNING } from './learning.ts'
import { PIPELINE } from './pipeline.ts'

export const AREAS: readonly Area[] = [HEART, PIPELINE, LEARNING]
