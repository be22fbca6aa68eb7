import { defineConfig } from 'vitest/config'

const conditions = ['source', 'module', 'node', 'import', 'default']

const SIDE_BY_SIDE = ['test/integration/**/*.test.ts']

const system = {
  globalSetup: ['test/setup/services.ts'],
  testTimeout: 120_000,
  hookTimeout: 120_000,
}

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  // What global set-ups import; they run apart from the tests and would load the last build instead of the sources.
  environments: { __vitest__: { resolve: { conditions } } },
  test: {
    pool: 'forks',
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['shared/**/src/**/*.test.ts', 'services/**/src/**/*.test.ts', 'infra/**/*.test.ts'],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          ...system,
          name: 'system',
          include: SIDE_BY_SIDE,
          // Each waits for others most of the time: two files keep two cores busy, and have names of their own in Kafka and Redis.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          ...system,
          name: 'alone',
          include: ['test/**/*.test.ts'],
          exclude: SIDE_BY_SIDE,
          // What is killed, timed, or started as on a fresh machine has the machine to itself.
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
