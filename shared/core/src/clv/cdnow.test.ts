import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { fitBgNbd, fitGammaGamma, PurchaseDays } from './index.ts'

/** The published sample lies beside the checkout; it may not be copied into it. */
const FILE = new URL('../../../../../shared/data/cdnow-sample/CDNOW_sample.txt', import.meta.url)
const CALIBRATION_END = Date.UTC(1997, 8, 30)

describe.skipIf(!existsSync(FILE))('the estimates published for the CDNOW sample', () => {
  const histories = () => readSample().flatMap((customer) => customer.history(CALIBRATION_END) ?? [])

  test('BG/NBD (Fader, Hardie & Lee 2005, table 2)', () => {
    const fit = fitBgNbd(histories())
    expect(fit).toMatchObject({ customers: 2_357, converged: true, atEdge: false })
    expect(fit.r).toBeCloseTo(0.243, 3)
    expect(fit.alpha).toBeCloseTo(4.414, 3)
    expect(fit.a).toBeCloseTo(0.793, 3)
    expect(fit.b).toBeCloseTo(2.426, 3)
    expect(fit.logLikelihood).toBeCloseTo(-9582.4, 1)
  })

  test('gamma-gamma (Fader & Hardie 2013)', () => {
    const fit = fitGammaGamma(histories().flatMap(({ spend }) => spend ?? []))
    expect(fit).toMatchObject({ customers: 946, converged: true })
    expect(fit.p).toBeCloseTo(6.25, 2)
    expect(fit.q).toBeCloseTo(3.74, 2)
    expect(fit.gamma).toBeCloseTo(15.44, 2)
    expect(fit.logLikelihood).toBeCloseTo(-4055.9, 1)
  })
})

test.runIf(!existsSync(FILE))('CDNOW sample is absent: its published estimates were NOT checked', (context) => {
  context.skip(`put CDNOW_sample.txt at ${FILE.pathname}`)
})

/** White-space columns: master id, sample id, date YYYYMMDD, CDs, dollars. */
function readSample(): PurchaseDays[] {
  const customers = new Map<string, PurchaseDays>()
  for (const line of readFileSync(FILE, 'utf8').trim().split('\n')) {
    const [id, , date, , dollars] = line.trim().split(/\s+/)
    const customer = customers.get(id!) ?? new PurchaseDays()
    customers.set(id!, customer)
    const day = Date.UTC(Number(date!.slice(0, 4)), Number(date!.slice(4, 6)) - 1, Number(date!.slice(6)))
    customer.add(day, Math.round(100 * Number(dollars)))
  }
  return [...customers.values()]
}
