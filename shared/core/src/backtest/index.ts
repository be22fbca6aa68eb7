export type { Outcomes } from './outcomes.ts'
export {
  ASSUMPTIONS,
  type Assumption,
  createSimulation,
  heardAt,
  type SimulatedLook,
  type Simulation,
  type SimulationOptions,
} from './simulate.ts'
export { type BacktestDay, type Tallied, Tally, type TallyOptions, type WithheldCount } from './tally.ts'
export type { Warnings } from './warnings.ts'
