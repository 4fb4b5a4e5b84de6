import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { LogOutput, type LogSink } from '../../../src/service/log-output.ts'

type Answer = (error: Error | null, byteCount: number) => void

/** Takes what it is given, and answers when the test says so. */
class HeldSink implements LogSink {
  readonly holdsUpExit = true
  readonly chunks: string[] = []
  #answer: Answer | undefined

  write(chunk: Buffer, done: Answer): void {
    assert.equal(this.#answer, undefined, 'one write at a time')
    this.chunks.push(chunk.toString())
    this.#answer = done
  }

  get isAsked(): boolean {
    return this.#answer !== undefined
  }

  answer(error: Error | null = null, byteCount = 0): void {
    const answer = this.#answer
    assert.ok(answer)
    this.#answer = undefined
    answer(error, byteCount)
  }

  answerAll(): void {
    while (this.isAsked) this.answer()
  }
}

const FULL = new Error('ENOSPC')

function setUp() {
  const sink = new HeldSink()
  const told: number[] = []
  const output = new LogOutput({
    sink,
    defer: (task) => task(),
    onRecovered: (droppedLines) => {
      told.push(droppedLines)
      output.write(`${droppedLines} dropped\n`)
    },
  })
  return { sink, told, output }
}

test('what comes while a line is written waits, and is written together', () => {
  const { sink, output } = setUp()
  for (const line of ['a\n', 'b\n', 'c\n']) output.write(line)
  assert.deepEqual(sink.chunks, ['a\n'])
  sink.answer()
  assert.deepEqual(sink.chunks, ['a\n', 'b\nc\n'])
  sink.answer()
  assert.equal(sink.isAsked, false)
})

test('lines of several turns of the loop are one write', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const sink = new HeldSink()
  const output = new LogOutput({ sink, onRecovered: () => {} })
  for (const line of ['a\n', 'b\n', 'c\n']) {
    output.write(line)
    await setImmediate()
  }
  assert.equal(output.holdsUpExit, true, 'the end waits for them')
  assert.deepEqual(sink.chunks, [])
  t.mock.timers.tick(10)
  assert.deepEqual(sink.chunks, ['a\nb\nc\n'])
})

test('a chunk is bounded, and has whole lines', () => {
  const { sink, output } = setUp()
  const line = `${'x'.repeat(40_000)}\n`
  for (let count = 0; count < 4; count += 1) output.write(line)
  sink.answerAll()
  assert.deepEqual(
    sink.chunks.map(({ length }) => length / line.length),
    [1, 1, 1, 1],
  )
})

test('what waits is bounded, and what is dropped is told once all is written', () => {
  const { sink, output, told } = setUp()
  const line = `${'x'.repeat(9_999)}\n`
  for (let count = 0; count < 1_000; count += 1) output.write(line)
  sink.answerAll()
  const written = sink.chunks
    .join('')
    .split('\n')
    .filter((text) => text.startsWith('x')).length
  assert.ok(written > 50 && written < 150, String(written))
  assert.deepEqual(told, [1_000 - written])
  assert.equal(sink.chunks.at(-1), `${1_000 - written} dropped\n`)
})

test('a line that cannot be written is dropped, and told once one can be', () => {
  const { sink, output, told } = setUp()
  for (const line of ['a\n', 'b\n', 'c\n']) output.write(line)
  sink.answer(FULL)
  sink.answer(FULL)
  assert.equal(sink.isAsked, false)
  assert.deepEqual(told, [])
  output.write('d\n')
  sink.answer()
  assert.deepEqual(told, [3])
  sink.answer()
  assert.deepEqual(sink.chunks, ['a\n', 'b\nc\n', 'd\n', '3 dropped\n'])
})

test('a line that was cut off does not spoil the next one', () => {
  const { sink, output } = setUp()
  output.write('{"a":1}\n')
  sink.answer(FULL, 3)
  output.write('{"b":1}\n')
  sink.answer(FULL, 0)
  output.write('{"c":1}\n')
  sink.answer()
  assert.deepEqual(sink.chunks.slice(1, 3), ['\n{"b":1}\n', '\n{"c":1}\n'])
  assert.equal(sink.chunks[3], '2 dropped\n')
})

test('the end waits for what is being written, and no longer than it is told', async () => {
  const { sink, output } = setUp()
  await output.flush(60_000)
  output.write('a\n')
  await output.flush(1)
  assert.equal(output.holdsUpExit, true)
  const flushed = output.flush(60_000)
  sink.answer()
  await flushed
  assert.equal(output.holdsUpExit, false)
})
