import type { Chapter } from '../promise.ts'
import { testsOf } from '../promise.ts'
import { backends, cleanClone, conformance, embedded, repository } from './tests.ts'

export const HOUSE: readonly Chapter[] = [
  {
    title: 'the monorepo',
    promises: [
      {
        promise: 'top level: services, shared, models, infra, test, and the usual files; nothing else',
        shownBy: repository('the top level holds the folders that were agreed on, and the usual files'),
      },
      {
        promise: 'npm workspaces and Turborepo',
        shownBy: repository('every folder of services and shared is a workspace, and is built by Turborepo'),
      },
      {
        promise: 'TypeScript strict, ESM, Node 20.19 or later',
        shownBy: repository('TypeScript is strict, all packages are ES modules, Node 20.19 is enough'),
      },
      {
        promise: 'Biome formats and lints, and finds nothing; the types hold',
        shownBy: cleanClone('lint and type check find nothing'),
      },
      {
        promise: 'kafkajs, bullmq, ioredis, @tensorflow/tfjs-node, zod, pino and vitest, in current versions',
        shownBy: repository('the packages that were named are those in use, in current versions'),
      },
      {
        promise: '@tensorflow/tfjs-node is optional: where its library is not to be had, the installation goes on',
        shownBy: [
          ...repository('the packages that were named are those in use, in current versions'),
          ...cleanClone('goes on without the native library of TensorFlow, and says which backend scores'),
        ],
      },
      {
        promise: 'the scorer uses the native backend where it loads, else WASM, else plain tfjs on the CPU',
        shownBy: backends(
          'a preferred backend comes first',
          'a native binding that does not load is reported, and WASM takes over',
          'without native and WASM, plain JavaScript takes over',
        ),
      },
      { promise: 'SCORER_BACKEND forces a backend', shownBy: backends('SCORER_BACKEND forces one') },
      {
        promise: 'the choice of backend is logged',
        shownBy: cleanClone('goes on without the native library of TensorFlow, and says which backend scores'),
      },
      {
        promise:
          'one conformance suite runs on every backend that loads, and compares it with plain arithmetic through train, predict, save and load',
        shownBy: conformance(
          'backends under test: …',
          'on backend %s > predicts %i rows like plain arithmetic, within the float32 breadth',
          'on backend %s > trains to the optimum of a Newton solver in plain arithmetic, without a leak',
          'on backend %s > saves and loads, through a folder and through memory, to the same bits',
          'a model saved on one backend scores the same on every other',
        ),
      },
      {
        promise:
          'CI builds the native backend by a script under infra/ before the tests, and the run says which backends were tested',
        shownBy: [
          ...repository('.ci/run installs, lints, checks types, builds, makes the native backend, then tests'),
          ...conformance('backends under test: …'),
        ],
      },
    ],
  },
  {
    title: 'two commands on a fresh machine',
    promises: [
      {
        promise: 'npm start does all the set-up and runs the pipeline with a generated shop flowing through it',
        shownBy: cleanClone(
          'installs, builds, starts everything and says that it is ready',
          'shows, within 60 s, customers at risk and jobs queued',
        ),
      },
      {
        promise: 'npm test does all the set-up and runs every test',
        shownBy: [
          ...cleanClone('npm test on a clean clone installs, builds and runs the tests'),
          ...repository('npm test leaves out no test file'),
        ],
      },
      {
        promise: 'both say what they install',
        shownBy: cleanClone(
          'says what it installed, and shows how long each step took',
          'npm test on a clean clone installs, builds and runs the tests',
        ),
      },
      {
        promise: 'KAFKA_BROKERS and REDIS_URL, where set, are used, and nothing is started in their place',
        shownBy: embedded(
          'takes what the environment names and starts nothing',
          'resolves the two independently of each other',
        ),
      },
      {
        promise: 'else a real Apache Kafka (KRaft, one node, small heap) by a committed pom.xml from Maven Central',
        shownBy: embedded('keeps topics and records through an orderly stop and through a crash, on the same port'),
      },
      {
        promise: 'and a real redis-server with append-only file and noeviction',
        shownBy: embedded('appends to a file, evicts nothing and listens on the loopback only'),
      },
      {
        promise: 'else Docker Compose, when an engine answers; its file is held against `docker compose config`',
        shownBy: testsOf('test/local/compose.test.ts')({
          test: 'is understood by compose, and publishes on the loopback at the ports it is given',
          skippedWhere: 'docker compose is not installed',
        }),
      },
      {
        promise: 'what is missing is installed (apt, root), saying what',
        shownBy: testsOf('infra/local/src/ensure-installed.test.ts')({
          test: 'installs only what is missing, as root, and says what',
          plays: 'apt-get: a test may not take Java and Redis off the machine to see them come back',
        }),
      },
      {
        promise: 'where it may not install, it stops with the exact command to type',
        shownBy: cleanClone('says the exact command to type where something is missing and it may not install'),
      },
      {
        promise: 'free ports are found, and two checkouts run side by side',
        shownBy: [
          ...cleanClone('starts on ports of its own while the first one runs'),
          ...embedded('goes to another port when the one it had is taken, and says so when it must not'),
        ],
      },
      {
        promise: 'a second npm start is ready within 15 s',
        shownBy: cleanClone('a second npm start is ready within 15 s and goes on where the first one ended'),
      },
      { promise: 'Ctrl-C leaves no process behind', shownBy: cleanClone('leaves no process behind') },
      {
        promise: 'progress is shown for anything over two seconds',
        shownBy: [
          ...cleanClone('says what it installed, and shows how long each step took'),
          ...testsOf('infra/local/src/progress.test.ts')(
            'says what is going on, that it still is, and that it is done',
          ),
        ],
      },
      {
        promise:
          '`npx holdfast status --json` says what runs and where: brokers, Redis, the URL of every service, process ids',
        shownBy: cleanClone(
          'status --json says where brokers, Redis and every service are, and under which process ids',
        ),
      },
    ],
  },
]
