export { SETTINGS as RISK_WORKER_SETTINGS } from './config.ts'
export { createIntakeStep, type Intake } from './lane/intake.ts'
export { createLookStep, type Looked } from './lane/look.ts'
export { WorkingSet } from './lane/working-set.ts'
