import { svgElement } from './dom.ts'
import { countText, durationText } from './format.ts'
import type { LiveEvent } from './live-stream.ts'

/** The last minute, second by second: how many changes, and how long they took to be acknowledged. */

const SECONDS = 60
/** Of one second, for the median: more would tell little more. */
const SAMPLES_MAX = 200

const BAR_WIDTH = 4
const PLOT_HEIGHT = 32

interface Second {
  count: number
  readonly tookMs: number[]
}

/** What is drawn of one second: a strong bar up to `low`, a faint one up to `high`. */
interface Bar {
  readonly low: number
  readonly high: number
  readonly text: string
}

interface Plot {
  readonly svg: SVGSVGElement
  readonly figure: HTMLElement
  /** The end of the axis. */
  readonly top: HTMLElement
  /** What the bar under the pointer says. */
  readonly hint: HTMLElement
}

export interface Plots {
  readonly add: (event: LiveEvent) => void
}

export function startPlots(rate: Plot, time: Plot): Plots {
  const seconds: Second[] = Array.from({ length: SECONDS }, emptySecond)
  const drawRate = createPlot(rate, (value) => `${value}/s`)
  const drawTime = createPlot(time, durationText)

  function draw(): void {
    const counts = seconds.map(({ count }) => count)
    const perSecond = counts.slice(-5).reduce((sum, count) => sum + count, 0) / 5
    setText(rate.figure, `${perSecond >= 10 ? perSecond.toFixed(0) : perSecond.toFixed(1)}/s`)
    const middle = quantile(
      seconds.flatMap(({ tookMs }) => tookMs),
      0.5,
    )
    setText(time.figure, middle === undefined ? '–' : durationText(middle))
    drawRate(counts.map((count) => ({ low: count, high: count, text: countText(count, 'change') })))
    drawTime(seconds.map(({ tookMs }) => timeBar(tookMs)))
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

function timeBar(tookMs: readonly number[]): Bar {
  const low = quantile(tookMs, 0.5)
  const high = quantile(tookMs, 1)
  if (low === undefined || high === undefined) return { low: 0, high: 0, text: 'no change' }
  const text = `half of them in ${durationText(low)}, all in ${durationText(high)}`
  return { low, high, text }
}

function emptySecond(): Second {
  return { count: 0, tookMs: [] }
}

function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
}

function createPlot(
  { svg, top, hint }: Plot,
  axisText: (value: number) => string,
): (bars: readonly Bar[]) => void {
  let shown: readonly Bar[] = []
  /** Of the bar under the pointer. */
  let pointed: number | undefined

  function showHint(): void {
    const bar = pointed === undefined ? undefined : shown[pointed]
    hint.hidden = bar === undefined
    if (bar === undefined || pointed === undefined) return
    const ago = SECONDS - 1 - pointed
    setText(hint, `${ago === 0 ? 'now' : `${ago} s ago`}: ${bar.text}`)
  }

  svg.addEventListener('pointermove', ({ clientX }) => {
    const { left, width } = svg.getBoundingClientRect()
    const share = (clientX - left) / Math.max(width, 1)
    pointed = Math.min(SECONDS - 1, Math.max(0, Math.floor(share * SECONDS)))
    showHint()
  })
  svg.addEventListener('pointerleave', () => {
    pointed = undefined
    showHint()
  })
  return (bars) => {
    shown = bars
    const most = Math.max(...bars.map(({ high }) => high))
    const scale = PLOT_HEIGHT / Math.max(most, 1)
    // An axis of nothing would begin and end at 0.
    setText(top, most === 0 ? '' : axisText(most))
    const shapes = bars.flatMap(({ low, high }, index) => [
      shape('faint', index, high * scale),
      shape('strong', index, low * scale),
    ])
    svg.replaceChildren(...shapes.filter((one) => one !== undefined))
    showHint()
  }
}

function shape(kind: string, index: number, height: number): SVGElement | undefined {
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

/** Written only when it is another one: what is the same costs no layout. */
function setText(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text
}
