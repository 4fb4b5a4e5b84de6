import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  findUnknownRequests,
  USED_REQUESTS,
  type KnownRequest,
} from '../../../../src/service/kafka/used-requests.ts'

const FOLDER = fileURLToPath(new URL('../../../../src/service/kafka/', import.meta.url))

/** Sent to find out what a broker knows; every broker knows the first version of it. */
const ASKED_FIRST = 'apiVersionsV0.api'

function requestsIn(pattern: RegExp, files: readonly string[]): string[] {
  const found = files.flatMap((file) =>
    [...readFileSync(join(FOLDER, file), 'utf8').matchAll(pattern)].map(([text]) => text),
  )
  return [...new Set(found)].filter((name) => name !== ASKED_FIRST).toSorted()
}

test('the list of requests has those that the code sends, and no others', () => {
  const all = globSync('**/*.ts', { cwd: FOLDER })
  const senders = all.filter((file) => file !== 'used-requests.ts')
  assert.deepEqual(
    requestsIn(/\b\w+V\d+\.api\b/gu, senders),
    requestsIn(/\b\w+V\d+\.api\b/gu, ['used-requests.ts']),
  )
})

const everything: readonly KnownRequest[] = Object.values(USED_REQUESTS).map(
  ({ key, version }) => ({
    apiKey: key,
    minVersion: 0,
    maxVersion: version,
  }),
)

test('a broker that knows every request in our version lacks nothing', () => {
  assert.deepEqual(findUnknownRequests(everything), [])
})

test('a request that a broker does not know, or not in our version, is named', () => {
  const [metadata, createTopics, ...others] = everything
  assert.ok(metadata !== undefined && createTopics !== undefined)
  const newer = { ...createTopics, minVersion: 6, maxVersion: 9 }
  assert.deepEqual(findUnknownRequests([newer, ...others]), [
    { name: 'Metadata', version: 10, known: undefined },
    { name: 'CreateTopics', version: 5, known: { min: 6, max: 9 } },
  ])
})
