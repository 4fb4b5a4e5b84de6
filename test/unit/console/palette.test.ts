import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

/** WCAG 2.2: contrast of text (1.4.3) and of what shows a state or the edge of a control (1.4.11). */

const TEXT_MIN = 4.5
const SHAPE_MIN = 3

const FOLDER = new URL('../../../src/console/', import.meta.url)

const CSS = readFileSync(new URL('palette.css', FOLDER), 'utf8')

const PALETTE = new Map(
  [...CSS.matchAll(/--([\w-]+): light-dark\((#[\da-f]{6}), (#[\da-f]{6})\)/gu)].map(
    ([, name = '', light = '', dark = '']) => [name, { light, dark }],
  ),
)

const BACKGROUNDS = ['page', 'card', 'inset']

/** Text on what it stands on. */
const TEXTS: readonly (readonly [string, string])[] = [
  ...['text', 'faint', 'accent'].flatMap((name) =>
    BACKGROUNDS.map((background): [string, string] => [name, background]),
  ),
  ['text', 'accent-soft'],
  ['faint', 'accent-soft'],
  ['accent', 'accent-soft'],
  ['on-accent', 'accent'],
  ['bad', 'card'],
  ['card', 'bad'],
  ...['good', 'bad', 'warn', 'sea', 'violet'].map((name): [string, string] => [
    name,
    `${name}-soft`,
  ]),
]

const SHAPES: readonly (readonly [string, string])[] = [
  ...['field-line', 'good', 'bad', 'warn', 'faint', 'accent'].map((name): [string, string] => [
    name,
    'card',
  ]),
  ['accent', 'page'],
]

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
    const share = Number.parseInt(hex.slice(start, start + 2), 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b)
  return (lighter + 0.05) / (darker + 0.05)
}

function tooFaint(pairs: readonly (readonly [string, string])[], least: number): string[] {
  return pairs.flatMap(([name, background]) =>
    (['light', 'dark'] as const).flatMap((theme) => {
      const front = PALETTE.get(name)?.[theme]
      const back = PALETTE.get(background)?.[theme]
      assert.ok(front && back, `the palette has no ${name} or no ${background}`)
      const ratio = contrast(front, back)
      return ratio >= least ? [] : [`${name} on ${background}, ${theme}: ${ratio.toFixed(2)}`]
    }),
  )
}

test('the contrast of black and white, and of a grey that is known, is as WCAG has it', () => {
  assert.equal(contrast('#000000', '#ffffff').toFixed(2), '21.00')
  assert.equal(contrast('#777777', '#ffffff').toFixed(2), '4.48')
})

test('every text of the console can be read on what it stands on, light and dark', () => {
  assert.deepEqual(tooFaint(TEXTS, TEXT_MIN), [])
})

test('every control and state of the console stands out from its ground, light and dark', () => {
  assert.deepEqual(tooFaint(SHAPES, SHAPE_MIN), [])
})

test('the console has no colour beside its palette', () => {
  const styles = readdirSync(FOLDER).filter((name) => name.endsWith('.css'))
  assert.ok(styles.length > 5)
  for (const name of styles.filter((other) => other !== 'palette.css')) {
    const rules = readFileSync(new URL(name, FOLDER), 'utf8')
    assert.deepEqual(rules.match(/#[\da-f]{3,8}\b(?!.*\{)|rgba?\(|hsla?\(/gu), null, name)
  }
})
