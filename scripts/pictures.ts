import type { Page } from 'playwright-core'

/** The pictures of the console: of each where it is taken, and what is done before. */

export interface Shot {
  readonly name: string
  readonly address: string
  readonly width?: number
  readonly height?: number
  readonly isDark?: boolean
  readonly prepare?: (page: Page, scene: Scene) => Promise<void>
}

export interface Scene {
  /** Nothing changes any more but by the picture itself. */
  readonly pauseKafka: () => void
  readonly killKafka: () => Promise<void>
}

const TOOL_MS_MAX = 120_000

export const SHOTS: readonly Shot[] = [
  { name: 'console', address: 'console', prepare: openAnOrder },
  { name: 'console-dark', address: 'console', isDark: true, prepare: openAnOrder },
  { name: 'console-new-order', address: 'console', prepare: fillInWrongly },
  { name: 'console-events', address: 'console#view=events', prepare: openAnEvent },
  {
    name: 'console-operations',
    address: 'console#view=operations',
    height: 800,
    prepare: runTheTools,
  },
  // The last one: afterwards nothing is as it was.
  { name: 'console-outage', address: 'console', prepare: showOutage },
]

async function openAnOrder(page: Page): Promise<void> {
  // Not about to be changed again: the list would have the new status before the order has it.
  const row = page.locator('#order-rows tr', { hasText: 'shipped' }).first()
  await row.locator('a').click()
  await page.locator('#detail .timeline > li').first().waitFor()
  // A step that was just drawn takes no click yet, and looks so.
  await page.locator('#detail .primary[aria-disabled="false"]').waitFor()
}

async function openAnEvent(page: Page): Promise<void> {
  await page.locator('#events-view summary').click()
  await page.getByRole('button', { name: 'The last hour' }).click()
  await page.locator('#event-note').getByText('records read').waitFor({ timeout: TOOL_MS_MAX })
  await page.locator('#event-rows .record-toggle').nth(1).click()
  await page.locator('#event-rows .json').waitFor()
}

async function fillInWrongly(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'New order' }).click()
  await page.getByLabel('Order id').fill('ORD-2026-0042')
  await page.getByLabel('Currency').fill('JPY')
  await page.getByLabel('Own items and prices').check()
  await page.getByLabel('Item of item 1').fill('TEAPOT')
  await page.getByLabel('Price of item 1').fill('2400.50')
  await page.getByRole('button', { name: 'Create order' }).click()
  await page.locator('.field-error').first().waitFor()
}

async function runTheTools(page: Page): Promise<void> {
  for (const name of ['doctor', 'audit']) {
    await page.locator(`#${name}-run`).click()
    const ended = page.locator(`#${name}-run[aria-disabled="false"]`)
    await ended.waitFor({ timeout: TOOL_MS_MAX })
  }
  await page.locator('#publication-title').scrollIntoViewIfNeeded()
}

/** A change that is in doubt, and then nobody to ask. */
async function showOutage(page: Page, { pauseKafka, killKafka }: Scene): Promise<void> {
  pauseKafka()
  await page.getByRole('button', { name: 'New order' }).click()
  await page.getByLabel('Order id').fill('ORD-2026-0042')
  await page.getByRole('button', { name: 'Create order' }).click()
  await page.getByText('it may have happened').waitFor()
  await killKafka()
  await page.getByRole('alert').getByText('Kafka is down').waitFor()
  await page.locator('#state summary').click()
}
