import assert from 'node:assert/strict'
import process from 'node:process'
import fc from 'fast-check'
import { COMMANDS, runCart } from '../../src/cli/commands.ts'
import type { FuzzTarget } from './fuzz-target.ts'

/** What is typed behind `cart`. No command gets farther than its arguments: the settings are not usable. */

const UNUSABLE = { name: 'KAFKA_TOPIC', value: '!' } as const

const NAMES = Object.keys(COMMANDS).flatMap((name) => name.split(' '))

const OPTIONS = Object.values(COMMANDS).flatMap(({ options }) =>
  Object.entries(options).flatMap(([name, { short }]) => [
    `--${name}`,
    `--no-${name}`,
    ...(short === undefined ? [] : [`-${short}`]),
  ]),
)

const TEXT = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.integer().map(String),
  fc.constantFrom('', '-', '--', '---', '=', '-1', '1e9', '10m', '1.5h', '999999999999999d'),
  fc.constantFrom('\u{1b}[2J', '\u{9b}31m', '\u{202e}', '__proto__', 'constructor', 'toString'),
  fc.constantFrom('2026-13-45', 'http://', 'http://[::1', 'file:///etc/passwd', '/dev/null/x'),
)

const WORD = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...OPTIONS) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom(...OPTIONS), TEXT).map((pair) => pair.join('=')),
  },
  { weight: 3, arbitrary: TEXT },
  fc.constantFrom(...NAMES),
)

const WORDS = fc
  .tuple(
    fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...NAMES) }, TEXT),
    fc.array(WORD, { maxLength: 6 }),
  )
  .map(([first, others]) => (first === 'schema' ? [first, 'check', ...others] : [first, ...others]))

function assertVisible(line: string): void {
  assert.doesNotMatch(line, /[\p{C}\p{Zl}\p{Zp}]/u, 'a terminal would obey it')
}

async function type(words: readonly string[]): Promise<void> {
  const code = await runCart(words, { out: assertVisible, progress: assertVisible })
  assert.ok([0, 1, 2].includes(code))
}

export const commandArguments: FuzzTarget = {
  name: 'arguments of cart',
  inputs: 70_000,
  open() {
    const before = process.env[UNUSABLE.name]
    process.env[UNUSABLE.name] = UNUSABLE.value
    return Promise.resolve({
      property: fc.asyncProperty(WORDS, type),
      [Symbol.asyncDispose]: () => {
        if (before === undefined) delete process.env[UNUSABLE.name]
        else process.env[UNUSABLE.name] = before
        return Promise.resolve()
      },
    })
  },
}
