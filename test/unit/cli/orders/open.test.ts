import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { test, type TestContext } from 'node:test'
import { runCart } from '../../../../src/cli/commands.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'
import { until } from '../../../support/until.ts'

/** A command of this name is the browser here: it keeps what it is given, one argument a line. */
const OPENER = process.platform === 'darwin' ? 'open' : 'xdg-open'

const GIVEN = 'given'

const WHOLE = /\nend\n$/u

/** On a terminal, with no command but the opener; `hasOpener` false: none at all. */
async function setUp(t: TestContext, hasOpener = true): Promise<string> {
  const folder = await temporaryFolder(t)
  const script = `#!/bin/sh\nprintf '%s\\n' "$@" end > '${join(folder, GIVEN)}'\n`
  if (hasOpener) writeFileSync(join(folder, OPENER), script, { mode: 0o700 })
  const { PATH, PUBLIC_URL } = process.env
  const { isTTY } = process.stdout
  t.after(() => {
    rmSync('pwned', { force: true })
    Object.assign(process.stdout, { isTTY })
    for (const [name, value] of Object.entries({ PATH, PUBLIC_URL })) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  })
  process.env['PATH'] = folder
  process.stdout.isTTY = true
  return folder
}

async function open(...words: string[]) {
  const out: string[] = []
  const progress: string[] = []
  const print = {
    out: (line: string) => out.push(line),
    progress: (line: string) => progress.push(line),
  }
  const code = await runCart(['open', ...words], print)
  return { code, out, progress }
}

/** All that the opener was given, once it is all there. */
async function argumentsIn(folder: string): Promise<string[]> {
  const read = () => readFileSync(join(folder, GIVEN), 'utf8')
  await until(
    () => readdirSync(folder).includes(GIVEN) && WHOLE.test(read()),
    'the opener was called',
  )
  return read().replace(WHOLE, '').split('\n')
}

for (const orderId of ['ORD-7', "'; : > pwned; '", '$(: > pwned)', '`: > pwned` & x|y', '--x']) {
  test(`opens the console at ${orderId}, as one argument that no shell reads`, async (t) => {
    const folder = await setUp(t)
    const url = 'http://localhost:8000'
    const { code, out, progress } = await open('--url', url, '--', orderId)
    const address = `${url}/console#${new URLSearchParams({ order: orderId }).toString()}`
    assert.deepEqual({ code, out, progress }, { code: 0, out: [address], progress: [] })
    assert.deepEqual(await argumentsIn(folder), [address])
    assert.equal(existsSync('pwned'), false)
  })
}

test('an address with the signs of a shell in it is one argument, too', async (t) => {
  const folder = await setUp(t)
  const url = 'http://localhost:8000/$(: > pwned);: > pwned'
  await open('--url', url)
  assert.deepEqual(await argumentsIn(folder), [`${url}/console`])
  assert.equal(existsSync('pwned'), false)
})

test('opens the public address where there is one', async (t) => {
  const folder = await setUp(t)
  process.env['PUBLIC_URL'] = 'https://orders.example'
  await open('ORD-7')
  assert.deepEqual(await argumentsIn(folder), ['https://orders.example/console#order=ORD-7'])
})

test('opens nothing when asked to print, or where stdout is no terminal', async (t) => {
  const folder = await setUp(t)
  assert.equal((await open('ORD-7', '--print')).code, 0)
  assert.equal((await open('ORD-7', '--json')).code, 0)
  process.stdout.isTTY = false
  assert.equal((await open('ORD-7')).code, 0)
  process.stdout.isTTY = true
  await open('LAST')
  // What had been opened before would have been written before.
  const [address] = await argumentsIn(folder)
  assert.match(address ?? '', /#order=LAST$/u)
})

test('says that no browser could be started, and prints the address', async (t) => {
  await setUp(t, false)
  const { code, out, progress } = await open('ORD-7', '--url', 'http://localhost:8000')
  assert.equal(code, 1)
  assert.deepEqual(out, ['http://localhost:8000/console#order=ORD-7'])
  assert.match(progress[0] ?? '', /^No browser could be started here/u)
})
