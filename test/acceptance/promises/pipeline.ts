import type { Area } from '../promise.ts'
import { BAD_REQUESTS } from './bad-requests.ts'
import { CLOCKS_AND_TERMINAL } from './clocks-and-terminal.ts'
import { CONSOLE_API } from './console-api.ts'
import { DELIVERY } from './delivery.ts'
import { GATEWAY } from './gateway.ts'

/** Events come in over HTTP, alerts and win-backs go out, people can look and answer. */
export const PIPELINE: Area = {
  name: 'pipeline',
  about: 'events in over HTTP, alerts and win-backs out, people look and answer',
  chapters: [...DELIVERY, ...GATEWAY, ...CONSOLE_API, ...CLOCKS_AND_TERMINAL, ...BAD_REQUESTS],
}
