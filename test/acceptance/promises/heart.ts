import type { Area } from '../promise.ts'
import { BAD_RECORDS } from './bad-records.ts'
import { COMMAND_LINE } from './command-line.ts'
import { DOMAIN } from './domain.ts'
import { HOUSE } from './house.ts'
import { RISK_WORKER } from './risk-worker.ts'
import { SHOP_AND_MODEL } from './shop-and-model.ts'

/** Purchase and support events become scored customers and queued jobs, and no crash can tell. */
export const HEART: Area = {
  name: 'heart',
  about: 'events become scored customers and queued jobs',
  chapters: [...HOUSE, ...DOMAIN, ...SHOP_AND_MODEL, ...RISK_WORKER, ...COMMAND_LINE, ...BAD_RECORDS],
}
