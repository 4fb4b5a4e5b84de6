import { writeFile } from 'node:fs/promises'
import { chromium } from 'playwright-core'
import { globalSetup, globalTeardown } from '../test/support/global-setup.ts'
import type { ReceivedSpan } from '../test/support/otlp-receiver.ts'
import { drawDashboard } from './observe/dashboard-picture.ts'
import { tellStory } from './observe/story.ts'
import { drawTraces, type Trace } from './observe/trace-picture.ts'

/**
 * Draws the dashboard and traces under load and in outages into docs/images: a real service, a real Kafka
 * that is broken, a real Prometheus that is asked what the dashboard asks. The drawing is ours, because
 * Grafana cannot be had from a package registry. Needs Prometheus and Chromium.
 *
 *   npm run observe
 */

const IMAGES = new URL('../docs/images/', import.meta.url)

/** The status of a span, in OTLP. */
const ERROR = 2

const CHROMIUM = '/usr/bin/chromium'

await globalSetup()
try {
  let dashboard = ''
  const { spans } = await tellStory(async (prometheus, chapters) => {
    dashboard = await drawDashboard(prometheus, chapters)
  })
  await takePicture(dashboard, 'dashboard.png')
  await takePicture(drawTraces(chooseTraces(spans)), 'traces.png')
} finally {
  await globalTeardown()
}

async function takePicture(html: string, name: string): Promise<void> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
  try {
    const page = await browser.newPage({ viewport: { width: 1_480, height: 800 } })
    await page.setContent(html)
    const picture = await page.locator('main').screenshot()
    await writeFile(new URL(name, IMAGES), picture)
  } finally {
    await browser.close()
  }
}

/** One that went well, one that outlived an outage, and one that another instance recovered. */
function chooseTraces(spans: readonly ReceivedSpan[]): readonly Trace[] {
  const traces = Map.groupBy(spans, ({ traceId }) => traceId)
  const find = (isWanted: (trace: readonly ReceivedSpan[]) => boolean) =>
    [...traces.values()].find(isWanted) ?? []
  const smooth = find(
    (trace) =>
      trace.length === 4 && !trace.some(isError) && trace.some(isRequest) && has(trace, 'settle'),
  )
  const patient = find((trace) => trace.some(isUnanswered) && has(trace, 'send', 'settle'))
  const recovery = find((trace) => {
    const made = linkedTo(trace, traces)
    return has(trace, 'recover') && made.some(isRequest) && has(made, 'settle')
  })
  const chosen = [
    { title: 'A change under load', spans: smooth },
    { title: 'A change while the broker is silent, settled when it is back', spans: patient },
    {
      title: 'A change and its recovery, a trace of its own that is linked to it',
      spans: [...linkedTo(recovery, traces), ...recovery],
    },
  ]
  const missing = chosen.find((trace) => trace.spans.length === 0)
  if (missing !== undefined) throw new Error(`there is no trace of this: ${missing.title}`)
  return chosen
}

function has(trace: readonly ReceivedSpan[], ...beginnings: readonly string[]): boolean {
  return beginnings.every((beginning) => trace.some(({ name }) => name.startsWith(beginning)))
}

function isError({ status }: ReceivedSpan): boolean {
  return status?.code === ERROR
}

/** Its caller was told 503. */
function isUnanswered(span: ReceivedSpan): boolean {
  return isRequest(span) && isError(span)
}

function isRequest({ name }: ReceivedSpan): boolean {
  return /^(?:POST|PUT) /u.test(name)
}

function linkedTo(
  trace: readonly ReceivedSpan[],
  traces: ReadonlyMap<string, readonly ReceivedSpan[]>,
): readonly ReceivedSpan[] {
  const recover = trace.find(({ name }) => name.startsWith('recover'))
  return traces.get(recover?.links?.[0]?.traceId ?? '') ?? []
}
