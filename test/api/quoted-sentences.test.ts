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

/** Of Node.js and of the Kafka client. */
const FOREIGN = [
  'connect ECONNREFUSED',
  'getaddrinfo ENOTFOUND',
  'Request timed out',
  'Connection closed',
]

/** The texts in the code, those over several lines put together, without what is filled in. */
function textsOfTheCode(): string {
  return globSync('{src,dev-services,bin}/**/*.{ts,mjs}', { cwd: ROOT })
    .map(read)
    .join('\n')
    .replaceAll(/['`] \+\n\s*['`]/gu, '')
    .replaceAll(/\$\{[^}]*\}/gu, '…')
}

/** The quotations in the first column of a table, without what differs from time to time. */
function quotedFragments(page: string): string[] {
  const cells = [...page.matchAll(/^\| (`[^|]*`[^|]*)\|/gmu)].map((match) => match[1] ?? '')
  return cells
    .flatMap((cell) => [...cell.matchAll(/`([^`]+)`/gu)].map((match) => match[1] ?? ''))
    .flatMap((quoted) => quoted.split(/…|\(|\b\d+\b|\bKafka\b/u))
    .map((fragment) => fragment.replaceAll(/^[\s:;,.)(]+|[\s:;,.)(]+$/gu, ''))
    .filter((fragment) => fragment.length > 'replica'.length)
}

/** Shorter ones stand in the code by chance. */
const PART_LENGTH_MIN = 12

/** As a whole, or as two texts that the code puts together. */
function isSaid(fragment: string, code: string): boolean {
  if (code.includes(fragment) || FOREIGN.includes(fragment)) return true
  const isPart = (text: string): boolean => text.length >= PART_LENGTH_MIN && code.includes(text)
  return [...fragment.matchAll(/ /gu)].some(
    ({ index }) => isPart(fragment.slice(0, index)) && isPart(fragment.slice(index + 1)),
  )
}

test('what the page on trouble quotes is what the service says', () => {
  const code = textsOfTheCode()
  const fragments = quotedFragments(read('docs/how-to/troubleshoot.md'))
  assert.ok(fragments.length > 40)
  assert.deepEqual(
    fragments.filter((fragment) => !isSaid(fragment, code)),
    [],
  )
})
