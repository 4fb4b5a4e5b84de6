import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  laneClosed,
  notConfirmed,
  notTakenInTime,
  transitionNotAllowed,
} from '../../src/business/refusals.ts'
import type { OrderId } from '../../src/models/order.ts'
import { postOrder, startTestServer } from './harness.ts'

/** The pages that are written by hand quote what the service says; those of docs/reference are generated. */

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

function read(path: string): string {
  return readFileSync(`${ROOT}/${path}`, 'utf8')
}

const SHIPPED = { orderId: 'ORD-1' as OrderId, status: 'shipped' } as const

const QUOTED: Readonly<Record<string, readonly string[]>> = {
  'docs/how-to/handle-errors.md': [
    notConfirmed().message,
    transitionNotAllowed(SHIPPED, 'shipped', ['delivered']).message,
  ],
  'docs/how-to/troubleshoot.md': [laneClosed().message, notTakenInTime().message],
}

test('pages quote the sentences that callers are told as they are', () => {
  for (const [path, sentences] of Object.entries(QUOTED)) {
    const page = read(path)
    for (const sentence of sentences) assert.ok(page.includes(sentence), `${path}: ${sentence}`)
  }
})

test('every problem that a page shows has a detail that the service gives', async (t) => {
  const { server } = await startTestServer(t)
  const refused = await postOrder(server, { orderId: '', numItems: '3' })
  const given = new Set<unknown>([notConfirmed().message, refused.json().detail])
  const pages = globSync('{README.md,docs/**/*.md}', { cwd: ROOT })
  const shown = pages.flatMap((path) =>
    [...read(path).matchAll(/"detail":\s*("(?:[^"\\]|\\.)*")/gu)].map((match): unknown =>
      JSON.parse(match[1] ?? ''),
    ),
  )
  assert.ok(shown.length >= given.size)
  assert.deepEqual(
    shown.filter((detail) => !given.has(detail)),
    [],
  )
})
