import { createLogger, HoldfastError, runService } from '@holdfast/platform'

/** A small service for run-service.test.ts; its argument says what goes wrong. */
const [fault] = process.argv.slice(2)
const say = (line: string) => void process.stdout.write(`${line}\n`)

await runService(
  async ({ lifecycle, fail }) => {
    for (const name of ['first', 'second']) {
      await lifecycle.start(name, () => {
        // Holds the process open, as a socket would.
        const timer = setInterval(() => {}, 60_000)
        return {
          async stop() {
            clearInterval(timer)
            say(`stopped ${name}`)
            if (fault === 'hang' && name === 'second') await new Promise(() => {})
          },
        }
      })
    }
    if (fault === 'main') throw new HoldfastError({ code: 'NO_MODEL', message: 'no model', cure: 'train one.' })
    if (fault === 'rejection') Promise.reject(new Error('forgotten'))
    if (fault === 'background') setImmediate(() => fail(new HoldfastError({ code: 'LOST', message: 'lost it' })))
    say('ready')
  },
  { log: createLogger({ service: 'test', level: 'silent' }), stopDeadlineMs: 2_000 },
)
