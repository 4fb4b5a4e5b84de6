/** Of one tally or one family of distributions: labels are fixed words, so more means a mistake of ours. */
const SERIES_MAX = 2_000

interface Series<Value> {
  readonly labels: readonly string[]
  readonly value: Value
}

/** A value for each combination of labels, made when it is first asked for. */
class SeriesMap<Value> {
  readonly #series = new Map<string, Series<Value>>()
  readonly #create: () => Value

  constructor(create: () => Value) {
    this.#create = create
  }

  /** Undefined beyond the bound: what cannot be counted costs a series, not the process. */
  get(labels: readonly string[]): Value | undefined {
    const key = labels.join(' ')
    const known = this.#series.get(key)
    if (known !== undefined) return known.value
    if (this.#series.size >= SERIES_MAX) return undefined
    const value = this.#create()
    this.#series.set(key, { labels, value })
    return value
  }

  list(): readonly Series<Value>[] {
    return [...this.#series.values()]
  }
}

/** Counts by labels: plain numbers, which the scrape reads. */
export class Tally {
  readonly #counts = new SeriesMap(() => ({ count: 0 }))

  /** Those that are known beforehand are 0 from the start: a rate needs a series that was there before. */
  constructor(known: readonly (readonly string[])[] = []) {
    for (const labels of known) this.#counts.get(labels)
  }

  add(labels: readonly string[], by = 1): void {
    const series = this.#counts.get(labels)
    if (series !== undefined) series.count += by
  }

  list(): ReadonlyArray<{ readonly labels: readonly string[]; readonly count: number }> {
    return this.#counts.list().map(({ labels, value }) => ({ labels, count: value.count }))
  }
}

/** One observation whose trace was sampled, as OpenMetrics shows it beside its bucket. */
export interface Exemplar {
  readonly traceId: string
  readonly seconds: number
  /** Seconds since 1970. */
  readonly at: number
}

/** How long something took: counts by bound, as a histogram of Prometheus. */
export class Distribution {
  /** Seconds, ascending; one more bucket holds what is above all of them. */
  readonly bounds: readonly number[]
  readonly counts: number[]
  readonly exemplars: Array<Exemplar | undefined>
  sumSeconds = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0)
    this.exemplars = Array.from({ length: bounds.length + 1 }, () => undefined)
  }

  note(ms: number, times = 1): number {
    const seconds = ms / 1_000
    let index = 0
    while (index < this.bounds.length && seconds > (this.bounds[index] ?? Infinity)) index += 1
    this.counts[index] = (this.counts[index] ?? 0) + times
    this.sumSeconds += seconds * times
    return index
  }

  /** The same, of an observation that has a trace to look at. */
  noteTraced(ms: number, traceId: string, at: Date): void {
    const index = this.note(ms)
    this.exemplars[index] = { traceId, seconds: ms / 1_000, at: at.getTime() / 1_000 }
  }
}

/** The same by labels. */
export class Distributions {
  readonly #series: SeriesMap<Distribution>

  constructor(bounds: readonly number[]) {
    this.#series = new SeriesMap(() => new Distribution(bounds))
  }

  note(labels: readonly string[], ms: number, times = 1): void {
    this.#series.get(labels)?.note(ms, times)
  }

  list(): ReadonlyArray<{ readonly labels: readonly string[]; readonly value: Distribution }> {
    return this.#series.list()
  }
}
