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
    assert.ok(out.replaceAll('\n', ' ').includes(summary))
    for (const option of Object.keys(options)) assert.ok(out.includes(`--${option}`), option)
    for (const exitCode of [0, 1, 2]) assert.match(out, RegExp(`^  ${exitCode}  \\w`, 'm'))
  }
})

test('every command knows --json', () => {
  for (const [name, { options }] of Object.entries(COMMANDS)) assert.ok('json' in options, name)
})

test('what is no command ends with 2, names what is meant, and says where to look', async () => {
  const nothing = await run()
  assert.equal(nothing.code, 2)
  assert.match(nothing.progress, /^Usage: cart <command>/)
  for (const [words, meant] of [
    ['autid', " Did you mean 'audit'?"],
    ['autid --json', " Did you mean 'audit'?"],
    ['gte', " Did you mean 'get'?"],
    ['doc', " Did you mean 'doctor'?"],
    ['schema', " Did you mean 'schema check'?"],
    ['shema check', " Did you mean 'schema check'?"],
    ['help lsit', " Did you mean 'list'?"],
    ['re', " Did you mean 'restore' or 'rebuild' or 'retire'?"],
    ['xyzzy', ''],
  ]) {
    const { code, out, progress } = await run(...(words ?? '').split(' '))
    const word = words?.replace('help ', '').split(' ')[0]
    assert.deepEqual([code, out], [2, ''])
    assert.equal(progress, `There is no command '${word}'.${meant}\nSee: npx cart help`)
  }
})

test('an option that is none ends with 2, and names the one that is meant', async () => {
  for (const [option, meant] of [
    ['--jsno', " Did you mean '--json'?"],
    ['--met=1', " Did you mean '--metrics-port' or '--metrics-host'?"],
    ['-j', ''],
  ]) {
    const { code, progress } = await run('audit', option ?? '')
    const word = option?.split('=')[0]
    assert.equal(code, 2)
    assert.equal(
      progress,
      `cart audit has no option '${word}'.${meant}\nSee: npx cart audit --help`,
    )
  }
})

test('a command to run again is a line of its own', async () => {
  const url = 'http://127.0.0.1:1'
  const { code, progress } = await run('erase', 'ORD 1', '--url', url)
  assert.equal(code, 2)
  assert.equal(progress, `Run it again:\n  npx cart erase 'ORD 1' --url ${url}`)
})

test('help for a command is asked for by help, too', async () => {
  for (const name of Object.keys(COMMANDS)) {
    const asked = await run('help', ...name.split(' '))
    assert.deepEqual(asked, await run(...name.split(' '), '--help'))
    assert.equal(asked.code, 0)
  }
})

test('no line of any help is longer than 80 columns', async () => {
  const helps = [await run('help')]
  for (const name of Object.keys(COMMANDS)) helps.push(await run('help', ...name.split(' ')))
  const long = helps.flatMap(({ out }) => out.split('\n')).filter(({ length }) => length > 80)
  assert.deepEqual(long, [])
})
