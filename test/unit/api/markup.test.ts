import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Html, inline, markup, prose } from '../../../src/api/markup.ts'

test('escapes what is put into markup, but not markup', () => {
  const inner = markup`<b>${`<script>"&'`}</b>`
  assert.equal(String(inner), '<b>&lt;script&gt;&quot;&amp;&#39;</b>')
  assert.equal(String(markup`<p>${[inner, '<', 1]}</p>`), `<p>${String(inner)}&lt;1</p>`)
  assert.equal(String(markup`${new Html('<i>')}`), '<i>')
})

test('keeps backslashes and dollar signs as they are', () => {
  assert.equal(String(markup`${String.raw`\n $& \u0000`}`), String.raw`\n $&amp; \u0000`)
})

test('makes paragraphs and code of a description', () => {
  assert.equal(
    String(prose('One `<a>`.\n\nTwo\nlines.')),
    '<p>One <code>&lt;a&gt;</code>.</p><p>Two\nlines.</p>',
  )
  assert.equal(String(inline('`a` b')), '<code>a</code> b')
})
