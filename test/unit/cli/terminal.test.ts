import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printProgress, showProgress } from '../../../src/cli/progress.ts'
import { createTerminal } from '../../../src/cli/terminal.ts'

function setUp(isTTY: boolean) {
  const written: string[] = []
  const output = { isTTY, columns: 20, write: (text: string) => written.push(text) }
  return { written, terminal: createTerminal(output, output) }
}

test('a status is written over, and gives way to lines that stay', () => {
  const { written, terminal } = setUp(true)
  terminal.status?.('one')
  terminal.status?.('two is longer than the terminal')
  terminal.out('result')
  terminal.status?.('three')
  terminal.status?.('')
  terminal.progress('done')
  assert.deepEqual(written, [
    'one',
    '\r\u{1b}[K',
    'two is longer than ',
    '\r\u{1b}[K',
    'result\n',
    'three',
    '\r\u{1b}[K',
    'done\n',
  ])
})

test('sentences on stderr fit the terminal, and what is to be pasted is never broken', () => {
  const written: string[] = []
  const write = (text: string) => written.push(text)
  const call = "npx cart create 'two words' --customer CUST-1 --key 0198c0de"
  const said = [
    'http://localhost:8000 cannot be reached (ECONNREFUSED)',
    '  orderId must be a string of 1 to 255 characters',
    `  ${call}`,
    `It is completed now. If this fails: ${call}`,
    `  printf %s '{}' | node '/my clone/bin/cart.mjs' create --file -`,
  ]
  for (const isTTY of [true, false]) {
    const terminal = createTerminal({ write }, { isTTY, columns: 40, write })
    for (const line of said) terminal.progress(line)
  }
  assert.deepEqual(written.splice(0, 9), [
    'http://localhost:8000 cannot be reached\n',
    '  (ECONNREFUSED)\n',
    '  orderId must be a string of 1 to 255\n',
    '    characters\n',
    `  ${call}\n`,
    'It is completed now. If this fails:\n',
    `  ${call}\n`,
    `  printf %s '{}' | node '/my clone/bin/cart.mjs' create --file -\n`,
    `${said[0]}\n`,
  ])
  assert.deepEqual(
    written,
    said.slice(1).map((line) => `${line}\n`),
    'a program reads lines as they are',
  )
})

test('where stderr is no terminal there is no status, and progress is silent', () => {
  const { written, terminal } = setUp(false)
  assert.equal(terminal.status, undefined)
  showProgress(terminal)('read', 1, 2)
  assert.deepEqual(written, [])
})

test('progress says how much of how much', (t) => {
  let nowMs = 0
  t.mock.method(performance, 'now', () => nowMs)
  const shown: string[] = []
  const show = showProgress({ out() {}, progress() {}, status: (line) => shown.push(line) })
  show('read records', 1, 20_000)
  nowMs = 600
  show('read records', 12_345, 20_000)
  show('read records', 12_346, 20_000)
  nowMs = 900
  show('copied events', 1_000)
  assert.deepEqual(shown, ['read records: 12,345 of 20,000 (61 %)', 'copied events: 1,000'])
})

test('a program that asks for progress gets lines', (t) => {
  let nowMs = 0
  t.mock.method(performance, 'now', () => nowMs)
  const lines: string[] = []
  const print = printProgress({ out() {}, progress: (line) => lines.push(line) })
  nowMs = 2_000
  print('read records', 1, 2)
  assert.deepEqual(lines, ['read records: 1 of 2 (50 %)'])
})
