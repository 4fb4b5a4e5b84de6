import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createKeyCheck,
  listKeyEnds,
  parseKnownKeys,
} from '../../../../src/service/callers/api-keys.ts'
import { formatKeyLine, newApiKey, parseKeyFile } from '../../../../src/service/callers/key-file.ts'

const KEY = newApiKey('shop')

function checkAt(text: string, now: string) {
  return createKeyCheck({ content: parseKnownKeys(text) }, { now: () => new Date(now) })
}

test('a key is its owner, with the scopes of its line', () => {
  const line = formatKeyLine('shop', KEY, ['orders:read', 'orders:write'], '2026-12-31')
  const verdict = checkAt(`# keys\n\n${line}\n`, '2026-11-28T12:00:00Z').check(KEY)
  assert.deepEqual(verdict, {
    kind: 'known',
    caller: { principal: 'api_key:shop', scopes: new Set(['orders:read', 'orders:write']) },
  })
})

test('a key is taken through its last day in UTC, and not a millisecond longer', () => {
  const line = formatKeyLine('shop', KEY, ['admin'], '2026-12-31')
  const kindAt = (now: string) => checkAt(line, now).check(KEY)
  assert.equal(Object(kindAt('2026-12-31T23:59:59.999Z')).kind, 'known')
  assert.deepEqual(kindAt('2027-01-01T00:00:00.000Z'), { kind: 'refused', fault: 'expired' })
})

test('two keys may have one owner, so that it can change from one to the other', () => {
  const next = newApiKey('shop')
  const lines = [KEY, next].map((key) => formatKeyLine('shop', key, ['admin'], '2026-12-31'))
  const check = checkAt(lines.join('\n'), '2026-11-28T12:00:00Z')
  assert.deepEqual(check.check(KEY), check.check(next))
})

test('another key of the same owner, and what is no key, are refused', () => {
  const check = checkAt(formatKeyLine('shop', KEY, ['admin'], '2026-12-31'), '2026-11-28T12:00:00Z')
  assert.deepEqual(check.check(newApiKey('shop')), { kind: 'refused', fault: 'unknown' })
  for (const credential of ['', 'cart_shop_', `${KEY}x`, 'a.b.c', KEY.toUpperCase()]) {
    assert.deepEqual(check.check(credential), { kind: 'refused', fault: 'not-a-credential' })
  }
})

function lineOf(id: string, day: string): string {
  return formatKeyLine(id, newApiKey(id), ['admin'], day)
}

function endsOf(lines: readonly string[]) {
  return listKeyEnds(parseKnownKeys(lines.join('\n'))).map(({ id, endsAtMs }) => [
    id,
    new Date(endsAtMs).toISOString(),
  ])
}

test('of each owner the first end of its keys is told, and of many owners the first hundred', () => {
  const some = [
    lineOf('shop', '2027-11-28'),
    lineOf('till', '2027-01-31'),
    lineOf('shop', '2026-12-31'),
  ]
  assert.deepEqual(endsOf(some), [
    ['shop', '2027-01-01T00:00:00.000Z'],
    ['till', '2027-02-01T00:00:00.000Z'],
  ])
  const many = Array.from({ length: 150 }, (_, index) => lineOf(`owner-${index}`, '2028-01-31'))
  const ends = endsOf([...many, ...some])
  assert.equal(ends.length, 100)
  assert.deepEqual(ends.slice(0, 2), endsOf(some))
})

const HASH = 'a'.repeat(64)

const WRONG: Readonly<Record<string, RegExp>> = {
  [`Shop ${HASH} admin 2026-12-31`]: /the id must be/,
  [`shop ${KEY} admin 2026-12-31`]: /the hash must be/,
  [`shop ${HASH.toUpperCase()} admin 2026-12-31`]: /the hash must be/,
  [`shop ${HASH} admin,root 2026-12-31`]: /the scopes must be/,
  [`shop ${HASH} admin`]: /the last day must be/,
  [`shop ${HASH} admin 2026-02-30`]: /the last day must be/,
  [`shop ${HASH} admin 2026-12-31 more`]: /the last day must be/,
  [`shop ${HASH} admin 2026-12-31\nbar ${HASH} admin 2026-12-31`]: /line 2: the key is there twice/,
}
for (const [text, reason] of Object.entries(WRONG)) {
  test(`a file of keys with "${text.replace(KEY, '<a key>').replaceAll(HASH, '<hash>')}" is refused`, () => {
    assert.throws(
      () => parseKeyFile(text),
      ({ message }: Error) => reason.test(message) && !message.includes(KEY),
    )
  })
}
