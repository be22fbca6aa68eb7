import type { MetricSpec } from '@holdfast/contracts'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

export type MetricSpecs = Readonly<Record<string, MetricSpec>>

type Collector<S extends MetricSpec> = S['kind'] extends 'counter'
  ? Counter<S['labels'][number]>
  : S['kind'] extends 'gauge'
    ? Gauge<S['labels'][number]>
    : Histogram<S['labels'][number]>

export type Collectors<T extends MetricSpecs> = { readonly [K in keyof T]: Collector<T[K]> }

export interface Metrics<T extends MetricSpecs> {
  /** A collector for each row of the table, under the same key. */
  readonly of: Collectors<T>
  readonly contentType: string
  /** The text that Prometheus scrapes. */
  render(): Promise<string>
}

/** Collectors of a table of metrics, in a registry of their own; `service` is a label of every one. */
export function createMetrics<const T extends MetricSpecs>(
  specs: T,
  { service, processMetrics = true }: { readonly service: string; readonly processMetrics?: boolean },
): Metrics<T> {
  const registry = new Registry()
  registry.setDefaultLabels({ service })
  if (processMetrics) collectDefaultMetrics({ register: registry })
  return {
    of: collectorsOf(specs, registry),
    contentType: registry.contentType,
    render: () => registry.metrics(),
  }
}

function collectorsOf<T extends MetricSpecs>(specs: T, registry: Registry): Collectors<T> {
  const entries = Object.entries(specs).map(([key, spec]) => [key, collector(spec, registry)])
  return Object.fromEntries(entries)
}

function collector({ kind, name, help, labels, buckets }: MetricSpec, registry: Registry) {
  const common = { name, help, labelNames: [...labels], registers: [registry] }
  if (kind === 'counter') return new Counter(common)
  if (kind === 'gauge') return new Gauge(common)
  return new Histogram(buckets === undefined ? common : { ...common, buckets: [...buckets] })
}
