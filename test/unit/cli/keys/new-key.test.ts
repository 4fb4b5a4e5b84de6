import assert from 'node:assert/strict'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { runCart } from '../../../../src/cli/commands.ts'
import { createKeyCheck, parseKnownKeys } from '../../../../src/service/callers/api-keys.ts'
import { runCart as runCartAlone } from '../../../support/cart-command.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

async function run(...words: string[]) {
  const out: string[] = []
  const progress: string[] = []
  const code = await runCart(['keys', 'new', ...words], {
    out: (line) => out.push(line),
    progress: (line) => progress.push(line),
  })
  return { code, out, progress: progress.join('\n') }
}

test('a new key is shown once, and the service takes it by its hash', async (t) => {
  const file = join(await temporaryFolder(t), 'keys')
  await writeFile(file, '# no line break at its end')
  const first = await run('shop', '--file', file)
  const second = await run(
    'audit',
    '--file',
    file,
    '--scopes',
    'orders:read,admin',
    '--until',
    '2099-12-31',
  )
  assert.deepEqual([first.code, second.code], [0, 0])
  const text = await readFile(file, 'utf8')
  const check = createKeyCheck({ content: parseKnownKeys(text) }, { now: () => new Date() })
  const [key = ''] = first.out
  assert.ok(!text.includes(key))
  assert.deepEqual(check.check(key), {
    kind: 'known',
    caller: { principal: 'api_key:shop', scopes: new Set(['orders:read', 'orders:write']) },
  })
  assert.deepEqual(check.check(second.out[0] ?? ''), {
    kind: 'known',
    caller: { principal: 'api_key:audit', scopes: new Set(['orders:read', 'admin']) },
  })
  assert.match(text, /^audit [0-9a-f]{64} orders:read,admin 2099-12-31$/m)
})

test('a file of keys that is new can be read by its owner alone', async (t) => {
  const file = join(await temporaryFolder(t), 'keys')
  const { out } = await run('shop', '--file', file, '--json')
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  assert.match(String(JSON.parse(out[0] ?? '').key), /^cart_shop_[\w-]{43}$/)
})

test('a disk that gets full leaves no part of a line', async (t) => {
  const file = join(await temporaryFolder(t), 'keys')
  const text = `# ${'-'.repeat(480)}\n`
  await writeFile(file, text)
  const options = { hasFullDisk: true }
  const { code, stderr } = await runCartAlone(['keys', 'new', 'shop', '--file', file], {}, options)
  assert.equal(code, 2)
  assert.match(stderr, /EFBIG/)
  assert.equal(await readFile(file, 'utf8'), text)
})

const WRONG: ReadonlyArray<readonly string[]> = [
  [],
  ['Shop'],
  ['shop', 'more'],
  ['shop', '--scopes', 'orders'],
  ['shop', '--until', 'tomorrow'],
  ['shop', '--until', '2020-01-01'],
]
for (const words of WRONG) {
  test(`makes no key by: cart keys new ${words.join(' ')}`, async (t) => {
    const file = join(await temporaryFolder(t), 'keys')
    const { code, out } = await run(...words, '--file', file)
    assert.equal(code, 2)
    assert.deepEqual(out, [])
    await assert.rejects(stat(file))
  })
}

test('adds nothing to a file that is none of keys', async (t) => {
  const file = join(await temporaryFolder(t), 'notes')
  await writeFile(file, 'shopping list\n')
  const { code, progress } = await run('shop', '--file', file)
  assert.equal(code, 2)
  assert.match(progress, /is no file of keys, line 1: /)
  assert.equal(await readFile(file, 'utf8'), 'shopping list\n')
})
