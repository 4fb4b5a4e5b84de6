import assert from 'node:assert/strict'
import { test } from 'node:test'
import { COMMANDS, runCart } from '../../../src/cli/commands.ts'

async function run(...words: string[]) {
  const out: string[] = []
  const progress: string[] = []
  const code = await runCart(words, {
    out: (line) => out.push(line),
    progress: (line) => progress.push(line),
  })
  return { code, out: out.join('\n'), progress: progress.join('\n') }
}

test('the help names every command, on stdout, and is a success', async () => {
  for (const words of [['--help'], ['-h'], ['help']]) {
    const { code, out, progress } = await run(...words)
    assert.equal(code, 0)
    assert.equal(progress, '')
    for (const name of Object.keys(COMMANDS)) assert.match(out, RegExp(`^  ${name} `, 'm'))
  }
})

test('every command has a help that names its options and exit codes', async () => {
  for (const [name, { options, summary }] of Object.entries(COMMANDS)) {
    const { code, out } = await run(...name.split(' '), '--help')
    assert.equal(code, 0)
    assert.match(out, RegExp(`^Usage: cart ${name} `))
    assert.ok(out.includes(summary))
    for (const option of Object.keys(options)) assert.ok(out.includes(`--${option}`), option)
    for (const exitCode of [0, 1, 2]) assert.match(out, RegExp(`^  ${exitCode}  \\w`, 'm'))
  }
})

test('every command knows --json', () => {
  for (const [name, { options }] of Object.entries(COMMANDS)) assert.ok('json' in options, name)
})

test('what is no command, and an option that is none, end with 2 and say where to look', async () => {
  const nothing = await run()
  assert.equal(nothing.code, 2)
  assert.match(nothing.progress, /^Usage: cart <command>/)
  const unknown = await run('autid')
  assert.equal(unknown.code, 2)
  assert.match(unknown.progress, /^There is no command 'autid'\.\n\nUsage: cart <command>/)
  const option = await run('audit', '--jsno')
  assert.equal(option.code, 2)
  assert.match(option.progress, /'--jsno'[^]*See: npx cart audit --help$/)
})
