import process from 'node:process'
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { COMMANDS, runCart } from '../../../../src/cli/commands.ts'
import { completionWords } from '../../../../src/cli/completion/completion-words.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const run = promisify(execFile)

async function scriptFor(shell: string): Promise<string> {
  const lines: string[] = []
  const code = await runCart(['completion', shell], {
    out: (line) => lines.push(line),
    progress: (line) => assert.fail(line),
  })
  assert.equal(code, 0)
  return lines.join('\n')
}

/** What a bash that has read the script offers after these words, of which the last one is begun. */
async function completeInBash(
  t: TestContext,
  ...lines: ReadonlyArray<readonly string[]>
): Promise<string[][]> {
  const folder = await temporaryFolder(t)
  await writeFile(join(folder, 'an order.json'), '{}')
  await mkdir(join(folder, 'files'))
  const calls = lines.map(
    (words) =>
      `COMP_WORDS=(cart ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _cart; printf '%s\\n' "\${COMPREPLY[@]}" ---`,
  )
  const script = [await scriptFor('bash'), ...calls].join('\n')
  const { stdout } = await run('bash', ['--norc', '-c', script], { cwd: folder })
  return stdout
    .split('---\n')
    .slice(0, -1)
    .map((text) => text.split('\n').filter((word) => word !== ''))
}

test('bash completes commands, those of two words and those that help is asked for', async (t) => {
  const [all, some, second, keys, help] = await completeInBash(
    t,
    [''],
    ['re'],
    ['schema', ''],
    ['keys', 'n'],
    ['help', 'au'],
  )
  const names = new Set(Object.keys(COMMANDS).map((name) => name.split(' ')[0]))
  assert.deepEqual(new Set(all), new Set(['help', ...names]))
  assert.deepEqual(some, ['restore', 'rebuild', 'retire', 'replay'])
  assert.deepEqual([second, keys, help], [['check'], ['new'], ['audit']])
})

test('bash completes every option of every command', async (t) => {
  const commands = completionWords(COMMANDS)
  const found = await completeInBash(t, ...commands.map(({ words }) => [...words, '-']))
  assert.deepEqual(
    found,
    commands.map(({ options }) => options.map(({ flag }) => flag)),
  )
  for (const [index, command] of Object.values(COMMANDS).entries()) {
    const flags = Object.keys(command.options).map((option) => `--${option}`)
    assert.deepEqual(found[index], [...flags, '--help'])
  }
})

test('bash completes values: words, files, and nothing where anything may stand', async (t) => {
  const statuses = ['pending', 'confirmed', 'shipped', 'delivered', 'cancelled']
  const cases: ReadonlyArray<readonly [words: readonly string[], found: readonly string[]]> = [
    [['list', '--status', ''], statuses],
    [['list', '--status', '=', 's'], ['shipped']],
    [['list', '--status', '='], statuses],
    [['list', '--customer', ''], []],
    [['update', ''], []],
    [['update', 'ORD-1', ''], statuses],
    [
      ['update', '--url', 'http://shop', 'ORD-1', 'c'],
      ['confirmed', 'cancelled'],
    ],
    [['update', 'ORD-1', 'shipped', ''], []],
    [['create', '--file', 'a'], ['an order.json']],
    [['backup', 'f'], ['files']],
    [['schema', 'check', 'an'], ['an order.json']],
    [['get', 'list', '--s'], []],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['nothing', ''], []],
  ]
  const found = await completeInBash(t, ...cases.map(([words]) => words))
  for (const [index, [words, expected]] of cases.entries()) {
    assert.deepEqual(found[index], expected, words.join(' '))
  }
})

test('the script makes cart a command where there is none', async () => {
  const script = [await scriptFor('bash'), 'cart --version'].join('\n')
  const env = { ...process.env, PATH: `${join(process.execPath, '..')}:/usr/bin:/bin` }
  const { stdout } = await run('bash', ['--norc', '-c', script], { cwd: '/', env })
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/)
})

test('the scripts of zsh and fish have every command and every option', async () => {
  for (const shell of ['zsh', 'fish']) {
    const script = await scriptFor(shell)
    for (const { words, options } of completionWords(COMMANDS)) {
      assert.ok(script.includes(words.join(' ')), words.join(' '))
      for (const { flag } of options) assert.ok(script.includes(flag.slice(2)), flag)
    }
  }
})

test('an option takes a value in every command, or in none', () => {
  const taking = new Map<string, boolean>()
  for (const { options } of completionWords(COMMANDS)) {
    for (const { flag, takesValue } of options) {
      assert.equal(taking.get(flag) ?? takesValue, takesValue, flag)
      taking.set(flag, takesValue)
    }
  }
})
