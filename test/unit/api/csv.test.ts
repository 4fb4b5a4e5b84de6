import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { writeCsv } from '../../../src/api/csv.ts'

interface Row {
  readonly id: string
  readonly count: number
  readonly items: string
}

/**
 * The cells as a spreadsheet takes them: one that begins with a quote is in quotes up to the next single
 * one, and what follows up to the separator belongs to it, too.
 */
function readCells(line: string, separator: string): string[] {
  const cell = new RegExp(`(?:"((?:[^"]|"")*)"|)([^${separator}]*)(?:${separator}|$)`, 'gy')
  const cells: string[] = []
  while (cell.lastIndex < line.length) {
    const [, quoted = '', rest = ''] = cell.exec(line) ?? assert.fail(line)
    cells.push(quoted.replaceAll('""', '"') + rest)
  }
  return cells
}

const texts = fc
  .array(fc.constantFrom(';', '"', '=', '-', '@', '\uff1d', "'", ',', ' ', '\t', 'a'), {
    minLength: 1,
    maxLength: 8,
  })
  .map((parts) => parts.join(''))

const rows = fc.record({
  id: texts,
  count: fc.nat(),
  items: texts.map((itemId) => JSON.stringify([{ itemId, price: 1 }])),
})

function lineOf(row: Row): string {
  const columns = [
    ['id', ({ id }: Row) => id],
    ['count', ({ count }: Row) => count],
    ['items', ({ items }: Row) => items],
  ] as const
  return writeCsv(columns, [row]).split('\r\n')[1] ?? ''
}

const RUNS = { numRuns: 20_000 }

test('no cell is a formula, be the separator the comma or the semicolon', () => {
  fc.assert(
    fc.property(rows, fc.constantFrom(',', ';'), (row, separator) => {
      for (const cell of readCells(lineOf(row), separator)) {
        assert.doesNotMatch(cell, /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/)
      }
    }),
    RUNS,
  )
})

test('a program gets every text back', () => {
  fc.assert(
    fc.property(rows, (row) => {
      const [id, count, items] = readCells(lineOf(row), ',').map((cell) =>
        cell.replaceAll(/(^|;)'/g, '$1'),
      )
      assert.deepEqual({ id, count: Number(count), items }, { ...row })
    }),
    RUNS,
  )
})

test('a text with a line end of Unicode is in quotes', () => {
  for (const text of ['a\u2028b', 'a\u2029b']) {
    assert.equal(lineOf({ id: text, count: 1, items: '[]' }), `"${text}",1,[]`)
  }
})

test('a text without a place for a formula is as it was', () => {
  for (const text of ['ORD-1', 'a;b', "it's", 'x=1', '1 - 1', 'größe 😀']) {
    const written = lineOf({ id: text, count: 1, items: '[]' })
    assert.equal(written, `${text.includes(';') ? `"${text}"` : text},1,[]`)
  }
})
