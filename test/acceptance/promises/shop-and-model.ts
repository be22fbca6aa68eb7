import type { Chapter } from '../promise.ts'
import { testsOf } from '../promise.ts'

const shop = testsOf('shared/simulation/src/shop.test.ts')
const life = testsOf('shared/simulation/src/life.test.ts')
const ceilings = testsOf('shared/simulation/src/ceilings.test.ts')
const trained = testsOf('services/trainer/src/train-and-store.test.ts')
const rows = testsOf('services/trainer/src/dataset/build-rows.test.ts')
const command = testsOf('test/acceptance/two-commands.test.ts')

export const SHOP_AND_MODEL: readonly Chapter[] = [
  {
    title: 'the generated shop',
    promises: [
      { promise: 'customers have rates of their own', shownBy: life('rates over customers follow the population') },
      {
        promise: 'the hazard of dropping out rises with bad support experiences',
        shownBy: [
          ...life('comes at the hazard that the strain in the events makes, calm or strained'),
          ...ceilings('complaints show: of those who bought in the last two months, the complainers leave more often'),
        ],
      },
      {
        promise: 'it has seasons',
        shownBy: [
          ...life(
            'come at the rate and season of an active customer, at the reduced rate while fading, and never after',
          ),
          ...testsOf('shared/simulation/src/season.test.ts')(
            'the integral equals a sum over days, across years and a leap day',
          ),
        ],
      },
      {
        promise: 'refunds, surveys, consent and time zones happen in it',
        shownBy: shop(
          'everything that can happen to a customer happens',
          'some customers pay in pounds or dollars, and live in other time zones',
        ),
      },
      {
        promise: 'it is seeded: the same seed gives the same events, also when it is stopped and continued',
        shownBy: shop(
          'is the same for the same options, and another for another seed',
          'continues after %d days as if it had never stopped',
        ),
      },
      {
        promise: 'its truth is known: what the model could reach at best, knowing it, and from the events alone',
        shownBy: [
          ...ceilings('stand in order: latent, posterior, posterior from purchases alone, recency alone'),
          ...testsOf('shared/simulation/src/posterior-oracle.test.ts')(
            'the posterior equals brute force over the population: %s',
          ),
        ],
      },
      {
        promise: 'a million events in under half a minute',
        shownBy: testsOf('test/acceptance/shop-speed.test.ts')(
          'a million events of the generated shop in under half a minute',
        ),
      },
    ],
  },
  {
    title: 'the scorer and the first champion',
    promises: [
      {
        promise:
          '`npx holdfast train` fits with TensorFlow.js on the shop’s own log, replayed through the fold, split by time',
        shownBy: [
          ...command('`holdfast train` learns from the topics and stores a version with its report'),
          ...trained('was trained without seeing a label that was not known by the test cutoff'),
          ...rows('every vector is that of a naive replay of what was known (seed %i)'),
        ],
      },
      {
        promise: 'it is stored as a standard TensorFlow.js model',
        shownBy: [
          ...trained('is stored as a standard model, a manifest and a report'),
          ...testsOf('shared/scorer/src/conformance.test.ts')(
            'on backend %s > what it stores is a plain TensorFlow.js layers model, for whoever knows nothing of us',
          ),
        ],
      },
      {
        promise:
          'its manifest names feature table version, horizon, thresholds, standardisation, metrics, data span, and that it learned from a generated shop',
        shownBy: testsOf('test/acceptance/champion.test.ts')('the manifest of the first champion says what it must'),
      },
      {
        promise: 'its report states its AUC beside the two ceilings',
        shownBy: [
          ...testsOf('test/acceptance/champion.test.ts')(
            'the report of the first champion has its AUC beside two ceilings',
          ),
          ...trained('ranks better than recency alone, not better than the posterior, and not too good to be true'),
        ],
      },
      {
        promise: 'a first champion is in models/ and scores what it never saw',
        shownBy: testsOf('services/trainer/src/champion.test.ts')(
          'the newest model in the archive fits the feature table of today and ranks a shop that it never saw',
        ),
      },
    ],
  },
]
