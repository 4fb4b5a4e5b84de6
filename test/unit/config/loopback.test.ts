import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLoopback } from '../../../src/config/loopback.ts'

test('loopback is what no other machine reaches, and no name that begins like it', () => {
  for (const host of ['localhost', '127.0.0.1', '127.9.9.9', '::1', '[::1]']) {
    assert.ok(isLoopback(host), host)
  }
  for (const host of ['127.0.0.1.evil.example', '127.evil', '0.0.0.0', '::', '128.0.0.1', '']) {
    assert.ok(!isLoopback(host), host)
  }
})
