import { parseEnv } from 'node:util'
import fc from 'fast-check'
import { ConfigError, loadConfig } from '../../src/config/config.ts'
import { explainSettings } from '../../src/config/setting-sources.ts'
import { listSettings } from '../../src/config/settings-schema.ts'
import type { FuzzTarget } from './fuzz-target.ts'

/** A `.env` file of anybody: settings, or all problems at once. */

const NAMES = listSettings().map(({ name }) => name)

const VALUE = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.integer().map(String),
  fc.webUrl(),
  fc.constantFrom(
    '',
    ' ',
    '"',
    "'a",
    '`',
    '#',
    '\\n',
    '=',
    '${HOME}',
    '*',
    '*.*',
    'a:1,b:2',
    '[::1]:9092',
    'true',
    'FALSE',
    '1e3',
    '0x10',
    '99999999999999999999',
    '.',
    '..',
    'sqlite::memory:',
    'postgres://u:p@h/d?options=%',
    'http://u:%zz@h',
    'sqlite:////a',
    'http://[::1',
    'a b',
  ),
)

const LINE = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(fc.constantFrom(...NAMES), VALUE).map((pair) => pair.join('=')),
  },
  fc.tuple(fc.constantFrom(...NAMES), VALUE).map(([name, value]) => ` export ${name} = "${value}"`),
  fc.string({ unit: 'binary', maxLength: 80 }),
)

const TEXT = fc
  .tuple(fc.array(LINE, { maxLength: 12 }), fc.constantFrom('\n', '\r\n', '\r', '\0'))
  .map(([lines, end]) => lines.join(end))

function read(text: string): void {
  const env = parseEnv(text)
  explainSettings({}, env)
  try {
    loadConfig(env)
  } catch (error) {
    if (!(error instanceof ConfigError) || error.problems.length === 0) throw error
  }
}

export const settingsText: FuzzTarget = {
  name: '.env',
  inputs: 200_000,
  open: () =>
    Promise.resolve({
      property: fc.property(TEXT, read),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
}
