import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseJavaVersion } from '../../../dev-services/java-tools.ts'

test('reads the version of Java in each form it was ever printed', () => {
  assert.equal(parseJavaVersion('openjdk version "17.0.15" 2025-04-15\nOpenJDK'), 17)
  assert.equal(parseJavaVersion('openjdk version "25" 2025-09-16'), 25)
  assert.equal(parseJavaVersion('java version "1.8.0_412"'), 8)
  assert.equal(parseJavaVersion('openjdk version "26-ea" 2026-03-17'), 26)
})

test('takes other words for no Java', () => {
  assert.equal(parseJavaVersion('No Java runtime present, requesting install.'), undefined)
})
