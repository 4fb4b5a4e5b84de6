import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { describe, test } from 'node:test'
import { loadConfig } from '../../../src/config/config.ts'
import { listSettings } from '../../../src/config/settings-schema.ts'
import { renderEnvExample, renderSettingsTable } from '../../../src/config/settings-table.ts'

describe('the table of settings', () => {
  const rows = renderSettingsTable().trimEnd().split('\n')

  test('has one row of four cells for every setting, in the order of the schema', () => {
    const cells = rows.slice(2).map((row) => row.split(/(?<!\\)\|/).map((cell) => cell.trim()))
    assert.deepEqual(
      cells.map(([, name]) => name),
      listSettings().map(({ name }) => `\`${name}\``),
    )
    for (const row of cells) {
      assert.equal(row.length, 6)
      for (const cell of row.slice(1, 5)) assert.notEqual(cell, '')
    }
  })

  test('shows default, bounds and meaning', () => {
    assert.ok(
      rows.includes('| `API_PORT` | `8000` | an integer from 1 to 65535 | Port to listen on. |'),
    )
  })

  test('leaves no angle bracket that Markdown would take for HTML', () => {
    assert.doesNotMatch(renderSettingsTable(), /(?<!\\)</)
  })
})

describe('.env.example', () => {
  const example = readFileSync(new URL('../../../.env.example', import.meta.url), 'utf8')

  test('is what the schema says', () => {
    assert.equal(example, renderEnvExample())
  })

  test('changes nothing, as it is and with every line in use', () => {
    assert.deepEqual(Object.keys(parseEnv(example)), [])
    const inUse = parseEnv(example.replace(/^#(?=[A-Z_]+=)/gm, ''))
    assert.equal(Object.keys(inUse).length, listSettings().length)
    assert.deepEqual(loadConfig(inUse), loadConfig({}))
  })
})
