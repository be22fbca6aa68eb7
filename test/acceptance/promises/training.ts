import type { Chapter } from '../promise.ts'
import { testsOf } from '../promise.ts'
import { DATA_ABSENT, trainCommand } from './tests.ts'

const learned = testsOf('services/trainer/src/train-from-source.test.ts')
const thresholds = testsOf('services/trainer/src/fit/thresholds.test.ts')
const platt = testsOf('services/trainer/src/fit/platt.test.ts')
const plan = testsOf('services/trainer/src/learn/plan.test.ts')
const published = testsOf('shared/core/src/clv/cdnow.test.ts')
const value = testsOf('shared/core/src/clv/clv.test.ts')
const lead = testsOf('services/trainer/src/report/bootstrap.test.ts')

export const TRAINING: readonly Chapter[] = [
  {
    title: 'training',
    promises: [
      {
        promise:
          '`train --events SRC --train-cutoffs T1,T2 --test-cutoff T --horizon 90d --out DIR` fits a logistic regression with TensorFlow.js',
        shownBy: trainCommand('train, score and evaluate agree with each other'),
      },
      {
        promise: 'the L2 strength is chosen on a later window',
        shownBy: plan('judges candidates only where all that they learned from was known'),
      },
      {
        promise: 'it is trained to convergence: log loss within 1e-4 of a Newton solver’s',
        shownBy: testsOf('shared/scorer/src/conformance.test.ts')(
          'trains to the optimum of a Newton solver in plain arithmetic, without a leak',
        ),
      },
      {
        promise: 'the gradient norm is reported',
        shownBy: testsOf('test/acceptance/champion.test.ts')(
          'the report of the first champion says how far its training has converged',
        ),
      },
      {
        promise: 'thresholds are chosen on validation for a stated precision or capacity',
        shownBy: thresholds(
          'precision: the lowest bound that keeps it, and what it does',
          'capacity: as many as may be, never more',
          'precision and capacity: whichever binds',
        ),
      },
      {
        promise: 'calibration is checked, with a Platt step only if it helps out of time',
        shownBy: platt(
          'finds the line that the labels come from',
          'what both windows show is put right',
          'what only the earlier window shows, or none, is left alone',
        ),
      },
      {
        promise: '`score --model DIR --events SRC --at T --population … --out scores.csv` for any instant',
        shownBy: [
          ...learned('is scored again at the tested instant, customer by customer, to the same AUC'),
          ...trainCommand('train, score and evaluate agree with each other'),
        ],
      },
    ],
  },
  {
    title: 'evaluation',
    promises: [
      {
        promise: 'a self-contained HTML report with plots, and a JSON beside it',
        shownBy: learned('has a report that asks nothing of the network, runs nothing, and escapes what others named'),
      },
      {
        promise: 'AUC, PR-AUC, log loss, Brier, ECE and lift at 10 %, with bootstrap intervals',
        shownBy: [
          ...testsOf('services/trainer/src/metrics/metrics.test.ts')(
            'is the share of pairs in the right order, ties counting half',
            'average precision of a textbook ranking',
            'log loss and Brier score',
          ),
          ...lead(
            'one pass over counted rows > gives what the plain metrics give',
            'intervals hold the figure, leads are paired, and the same seed gives the same',
          ),
        ],
      },
      {
        promise: 'beside base rate, recency alone, BG/NBD and the current champion on the same rows; by segment too',
        shownBy: learned(
          'ranks better than recency, and says so beside every baseline, overall and by segment',
          'is evaluated again from what was stored, beside a champion, and never on what it learned from',
        ),
      },
      {
        promise: 'coefficients with confidence intervals',
        shownBy: testsOf('services/trainer/src/learn/uncertainty.test.ts')(
          'the stated error of a weight is the spread of the weight over many samples',
        ),
      },
      {
        promise: 'drift by feature',
        shownBy: testsOf('services/trainer/src/report/drift.test.ts')(
          'the same population has an index of 0, a moved one more, a foreign one a lot',
        ),
      },
    ],
  },
  {
    title: 'customer lifetime value',
    promises: [
      {
        promise: 'historical: average order × frequency × lifetime',
        shownBy: value('historical: average order × orders a year × years'),
      },
      {
        promise: 'predictive: BG/NBD and gamma-gamma by maximum likelihood, discounted over a horizon',
        shownBy: value(
          'a likelihood at its maximum: a fit to histories with their exact likelihood',
          'a fit finds no neighbour that is likelier',
          'without discount the horizon is worth what is expected in it, with one less, by the time it takes',
        ),
      },
      {
        promise: 'the published estimates for the CDNOW sample are reproduced to the digits given',
        shownBy: published(
          { test: 'BG/NBD (Fader, Hardie & Lee 2005, table 2)', skippedWhere: DATA_ABSENT },
          { test: 'gamma-gamma (Fader & Hardie 2013)', skippedWhere: DATA_ABSENT },
        ),
      },
      {
        promise: '`clv --events SRC --at T --json [--out clv.csv]` prints parameters and log-likelihoods',
        shownBy: trainCommand('clv prints both fitted models and one line a customer'),
      },
      {
        promise:
          'P(alive) is available as a feature if it earns its place out of time; it does not, which anybody can try again',
        shownBy: testsOf('test/bench/learning-features.test.ts')(
          'what tells the outcome earns its place; a column that says nothing changes nothing and does not',
          'a gain that is clear but tiny, or large on one log and doubtful on the other, does not',
          'P(alive) joins the rows as the live pipeline could say it: a number from 0 to 1, from the state alone',
        ),
      },
      {
        promise: 'live priority uses predictive CLV',
        shownBy: [
          ...testsOf('test/integration/models/at-stake.test.ts')(
            'the order of the at-risk list follows the predictive CLV of the model that is promoted, and goes back with it',
            'what leaves for others tells the same expected loss',
          ),
          ...testsOf('shared/core/src/clv/valuation.test.ts')(
            'says what the formulas say, within the stated error, whatever was fitted and whoever is asked about',
          ),
          ...testsOf('shared/core/src/risk/value.test.ts')(
            'a state says of a customer what the days of all purchases say, as far as it remembers them',
          ),
        ],
      },
      {
        promise:
          'training fits customers’ value by itself, holds it against what came, and goes without where it cannot',
        shownBy: [
          ...testsOf('services/trainer/src/fit/value.test.ts')(
            'what was fitted foretells, within a few per cent, what the same customers then bought and paid',
            'nothing that came later has a say in the fit',
          ),
          ...learned(
            'customers of whom hardly any has come back: a model without value, which the report says, and no failed training',
          ),
          ...testsOf('shared/scorer/src/model-version.test.ts')(
            'what customers will be worth goes with the model; a manifest from before there was that opens without',
          ),
          ...testsOf('test/acceptance/champion.test.ts')(
            'the first champion says what customers will be worth, and what its training rows looked like',
          ),
        ],
      },
    ],
  },
]
