import type { LiveEvent } from './live-stream.ts'
import { svgElement } from './dom.ts'

/** The last minute, second by second: how many changes, and how long they took to be acknowledged. */

const SECONDS = 60
/** Of one second, for the median: more would tell little more. */
const SAMPLES_MAX = 200

const BAR_WIDTH = 4
const PLOT_HEIGHT = 48

interface Second {
  count: number
  readonly tookMs: number[]
}

interface Plot {
  readonly svg: SVGSVGElement
  readonly figure: HTMLElement
  readonly note: HTMLElement
}

export interface Plots {
  readonly add: (event: LiveEvent) => void
}

export function startPlots(rate: Plot, time: Plot): Plots {
  const seconds: Second[] = Array.from({ length: SECONDS }, emptySecond)

  function draw(): void {
    const counts = seconds.map(({ count }) => count)
    const perSecond = counts.slice(-5).reduce((sum, count) => sum + count, 0) / 5
    rate.figure.textContent = perSecond >= 10 ? perSecond.toFixed(0) : perSecond.toFixed(1)
    drawBars(rate, counts, counts, 'a second')
    const all = seconds.flatMap(({ tookMs }) => tookMs)
    const middle = quantile(all, 0.5)
    time.figure.textContent = middle === undefined ? '–' : `${middle} ms`
    const medians = seconds.map(({ tookMs }) => quantile(tookMs, 0.5) ?? 0)
    const slowest = seconds.map(({ tookMs }) => quantile(tookMs, 1) ?? 0)
    drawBars(time, medians, slowest, 'ms')
  }

  setInterval(() => {
    draw()
    seconds.shift()
    seconds.push(emptySecond())
  }, 1_000)
  draw()
  return {
    add({ time: changedAt, settledAt }) {
      const now = seconds.at(-1)
      if (now === undefined) return
      now.count += 1
      if (settledAt === undefined || now.tookMs.length >= SAMPLES_MAX) return
      // The two may be told by different clocks.
      now.tookMs.push(Math.max(0, Date.parse(settledAt) - Date.parse(changedAt)))
    },
  }
}

function emptySecond(): Second {
  return { count: 0, tookMs: [] }
}

function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
}

/** A strong bar for each second up to `lows`, a faint one up to `highs`. */
function drawBars(
  { svg, note }: Plot,
  lows: readonly number[],
  highs: readonly number[],
  unit: string,
): void {
  const top = Math.max(...highs)
  const scale = PLOT_HEIGHT / Math.max(top, 1)
  note.textContent = `Last minute: at most ${top} ${unit}`
  const bars = lows.flatMap((low, index) => {
    const high = highs[index] ?? low
    return [bar('faint', index, high * scale), bar('strong', index, low * scale)]
  })
  svg.replaceChildren(...bars.filter((shape) => shape !== undefined))
}

function bar(kind: string, index: number, height: number): SVGElement | undefined {
  if (height === 0) return undefined
  // What is there is seen, however small it is beside the largest.
  const shown = Math.max(height, 1)
  return svgElement('rect', {
    class: kind,
    x: String(index * BAR_WIDTH),
    y: (PLOT_HEIGHT - shown).toFixed(1),
    width: String(BAR_WIDTH - 1),
    height: shown.toFixed(1),
  })
}
