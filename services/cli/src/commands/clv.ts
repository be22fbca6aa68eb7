import { type Command, InvalidArgumentError } from 'commander'
import { plural, print, printJson, table } from '../output/text.ts'
import { instantOf } from './score.ts'

interface Options {
  readonly events: string[]
  readonly at: string
  readonly horizonDays: number
  readonly discount: number
  readonly lifetimeYears?: number
  readonly out?: string
  readonly json?: true
}

export function addClv(program: Command): void {
  program
    .command('clv')
    .summary('what customers were and will be worth')
    .description(
      'Fits BG/NBD (when they buy and whether they are still there) and gamma-gamma (how much) by maximum likelihood to what ' +
        'was known at an instant, and predicts the discounted value of each customer over a horizon.',
    )
    .requiredOption('--events <src...>', 'files of events (.ndjson, .ndjson.gz), or "kafka" for the topics')
    .requiredOption('--at <date>', 'a date (its first instant, UTC) or an RFC 3339 time')
    .option('--horizon-days <n>', 'how far to predict', number(1, 36_500), 365)
    .option('--discount <share>', 'what money in a year is worth less than today', number(0, 1), 0.1)
    .option(
      '--lifetime-years <n>',
      'for the historical value (default: as long as each has been a customer)',
      number(0, 100),
    )
    .option('--out <path>', 'CSV file, one line a customer')
    .option('--json', 'print the fitted models as JSON')
    .addHelpText(
      'after',
      `
Example:
  npx holdfast clv --events cdnow.ndjson --at 1997-09-30 --json --out clv.csv`,
    )
    .action(async (options: Options) => {
      const trainer = await import('@holdfast/trainer')
      const { withEvents } = await import('../import/open-events.ts')
      const { writeCsv } = await import('../output/csv-file.ts')
      const at = instantOf(options.at, trainer.parseInstant)
      const { horizonDays, discount: yearlyDiscount, lifetimeYears } = options
      const horizon = { horizonDays, yearlyDiscount, ...(lifetimeYears !== undefined && { lifetimeYears }) }
      const { fitted, currency } = await withEvents(options.events, async ({ source, currency }) => ({
        fitted: await trainer.fitValue({ source, at, ...horizon }),
        currency,
      }))
      const totals = { historicalValue: 0, predictedValue: 0, expectedPurchases: 0, alive: 0 }
      function* lines() {
        for (const value of fitted.values()) {
          totals.historicalValue += value.historicalValue
          totals.predictedValue += value.predictedValue
          totals.expectedPurchases += value.expectedPurchases
          totals.alive += value.probabilityAlive
          yield [
            value.customerId,
            value.purchaseDays,
            value.averageOrder.toFixed(2),
            value.probabilityAlive.toFixed(6),
            value.expectedPurchases.toFixed(6),
            value.historicalValue.toFixed(2),
            value.predictedValue.toFixed(2),
          ]
        }
      }
      if (options.out === undefined) for (const _ of lines());
      else await writeCsv(options.out, HEADER, lines())
      const { buying, spending, customers, repeatCustomers } = fitted
      const summary = {
        at: trainer.iso(at),
        currency,
        customers,
        repeatCustomers,
        unit: 'week',
        bgNbd: buying,
        gammaGamma: spending,
        ...horizon,
        totals,
      }
      if (options.json) return printJson(summary)
      print(`${plural(customers, 'customer')}, ${plural(repeatCustomers, 'of them', 'of them')} came back`)
      print(
        table(
          [
            ['BG/NBD, a week', show(buying, ['r', 'alpha', 'a', 'b'])],
            ['gamma-gamma', show(spending, ['p', 'q', 'gamma'])],
            ['still there', totals.alive.toFixed(0)],
            [`purchases in ${horizonDays} days`, totals.expectedPurchases.toFixed(0)],
            ['historical value', `${totals.historicalValue.toFixed(2)} ${currency}`],
            [`value over ${horizonDays} days, today`, `${totals.predictedValue.toFixed(2)} ${currency}`],
          ],
          '  ',
        ),
      )
      if (!(buying.converged && spending.converged)) print('a likelihood has no clear maximum: the log is too small')
      if (buying.atEdge || spending.atEdge)
        print('a parameter lies at the edge: customers differ less than the model can say; its predictions still hold')
    })
}

const HEADER = [
  'customer_id',
  'purchase_days',
  'average_order',
  'probability_alive',
  'expected_purchases',
  'historical_value',
  'predicted_value',
]

function show<K extends string>(fit: Readonly<Record<K | 'logLikelihood', number>>, names: readonly K[]): string {
  return `${names.map((name) => `${name} ${fit[name].toFixed(3)}`).join(', ')}; log-likelihood ${fit.logLikelihood.toFixed(1)}`
}

function number(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() !== '' && value >= least && value <= most) return value
    throw new InvalidArgumentError(`expected a number from ${least} to ${most}`)
  }
}
