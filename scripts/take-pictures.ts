import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { launchChromium } from '../test/browser/console-page.ts'
import { makeLiveChanges, makeOrders, setStage } from './picture-stage.ts'
import { SHOTS, type Shot } from './pictures.ts'

/**
 * Takes the pictures of the documents: the console on a real service with a real Kafka and as many
 * orders as are asked for. Starts all that it needs.
 */

const WIDTH = 1_280
const HEIGHT = 720

/** So that the plots have something to show. */
const LIVE_MS = 20_000

const { values } = parseArgs({
  options: {
    orders: { type: 'string', default: '10000' },
    only: { type: 'string' },
    folder: { type: 'string', default: fileURLToPath(new URL('../docs/images', import.meta.url)) },
  },
})

const orderCount = Number(values.orders)
await using life = new AsyncDisposableStack()
// Services and brokers end with this process; so it has to end by itself.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
await mkdir(values.folder, { recursive: true })
const stage = await setStage(life)
await makeOrders(stage, orderCount)
const browser = await launchChromium()
life.defer(() => browser.close())
const stop = makeLiveChanges(stage, orderCount)
life.defer(stop)
const only = values.only?.split(',')
for (const shot of SHOTS) if (only?.includes(shot.name) !== false) await take(shot)

async function take(shot: Shot): Promise<void> {
  const { name, address, width = WIDTH, height = HEIGHT, isDark = false } = shot
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: isDark ? 'dark' : 'light',
    locale: 'en-GB',
  })
  const page = await context.newPage()
  await page.goto(`${stage.url}/${address}`)
  await page.locator('#state-pill').getByText('All systems up').waitFor()
  await page.waitForTimeout(LIVE_MS)
  await shot.prepare?.(page, { pauseKafka, killKafka: stage.killKafka })
  const file = join(values.folder, `${name}.webp`)
  const bytes = await toWebp(await page.screenshot())
  await writeFile(file, bytes)
  process.stdout.write(`${file}, ${Math.round(bytes.length / 1_024)} KiB\n`)
  await context.close()
}

/** Without other changes, so that the one of the picture is the one in doubt. */
function pauseKafka(): void {
  stop()
  stage.pauseKafka()
}

/** The same pixels in fewer bytes. */
async function toWebp(png: Buffer): Promise<Buffer> {
  const page = await browser.newPage()
  const source = JSON.stringify(`data:image/png;base64,${png.toString('base64')}`)
  const base64 = await page.evaluate<string>(`(async () => {
    const image = await createImageBitmap(await (await fetch(${source})).blob())
    const canvas = new OffscreenCanvas(image.width, image.height)
    canvas.getContext('2d').drawImage(image, 0, 0)
    const blob = await canvas.convertToBlob({ type: 'image/webp', quality: 1 })
    return new Uint8Array(await blob.arrayBuffer()).toBase64()
  })()`)
  await page.close()
  return Buffer.from(base64, 'base64')
}
