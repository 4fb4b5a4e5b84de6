import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toTerminalLine } from '../../../src/service/log-lines.ts'

const TIME = Date.UTC(2026, 10, 28, 12, 30, 1, 250)

function lineOf(fields: object, isColoured = false): string {
  const record = { level: 40, time: TIME, pid: 1, hostname: 'host', ...fields }
  return toTerminalLine(`${JSON.stringify(record)}\n`, isColoured)
}

test('a line has time, level, message and fields', () => {
  assert.equal(
    lineOf({ dependency: 'kafka', durationMs: 15.9239210005, note: 'two words', msg: 'no answer' }),
    '12:30:01.250 WARN  no answer dependency=kafka durationMs=15.924 note="two words"\n',
  )
})

test('what the message says already is not said again', () => {
  const line = lineOf({ status: 'down', reason: 'no broker', msg: 'Kafka is down: no broker' })
  assert.equal(line, '12:30:01.250 WARN  Kafka is down: no broker\n')
})

test('an error follows with its stack, a line each', () => {
  const err = { type: 'Error', message: 'no', stack: 'Error: no\n    at here' }
  assert.equal(
    lineOf({ level: 50, err, msg: 'request failed by a bug' }),
    '12:30:01.250 ERROR request failed by a bug\n    Error: no\n        at here\n',
  )
})

test('a terminal obeys no word that others have written', () => {
  const hostile = '\u001B]0;owned\u0007\u009B2J\u202E'
  const err = { stack: `Error: ${hostile}` }
  const line = lineOf({ reason: `${hostile}!`, [hostile]: 1, err, msg: hostile })
  assert.doesNotMatch(line.replaceAll('\n', ''), /[\p{C}]/u)
  assert.ok(line.includes(String.raw`\u001b]0;owned\u0007\u009b2J\u202e`))
})

test('colours are for a terminal that shows them', () => {
  const escape = '\u001B'
  assert.ok(lineOf({ msg: 'x' }, true).includes(`${escape}[33mWARN`))
  assert.ok(!lineOf({ msg: 'x' }).includes(escape))
})

test('further lines of a message are below it, and look like no line of the log', () => {
  assert.equal(
    lineOf({ msg: 'refused:\n- one\r\n12:30:01.250 INFO  all is well', dependency: 'x' }),
    '12:30:01.250 WARN  refused: dependency=x\n    - one\\u000d\n    12:30:01.250 INFO  all is well\n',
  )
})
