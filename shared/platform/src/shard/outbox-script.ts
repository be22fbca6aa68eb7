import { defineScript } from '../redis/script.ts'

/** Which run of the server answers: it changes with every start, and with it whatever Redis may have been put back to. */
export const SERVER_RUN = `string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')`

/**
 * ARGV: none
 * Output: the run of the server that holds the outbox
 */
export const serverRunScript = defineScript({
  name: 'server-run-1',
  keys: ['outbox'],
  lua: `return ${SERVER_RUN}`,
  reply: (raw) => String(raw),
})

/**
 * Forgets entries that have left, if the server still is the one from which they were read: one that was started since may
 * have been put back to an instant before they were written, or before the jobs were that came of them.
 *
 * ARGV: 1 the run, 2 the first id to keep
 * Output: 1 when forgotten, 0 when the server is another one
 */
export const dropOutboxScript = defineScript({
  name: 'drop-outbox-1',
  keys: ['outbox'],
  lua: `
if ${SERVER_RUN} ~= ARGV[1] then return 0 end
redis.call('XTRIM', key_outbox, 'MINID', ARGV[2])
return 1
`,
  reply: (raw) => raw === 1,
})
