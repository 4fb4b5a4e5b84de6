import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lastWordsOf } from '../../../dev-services/wait-for-start.ts'

test('of a server that did not start its last words are told, and no line of a stack', () => {
  const log = [
    'INFO starting',
    'ERROR Exiting Kafka due to fatal exception',
    'java.lang.RuntimeException: cannot listen',
    '\tat kafka.Kafka.main(Kafka.scala:87)',
    'Caused by: java.net.BindException: Address already in use',
    '\tat java.base/sun.nio.ch.Net.bind0(Native Method)',
    '\t... 18 more',
    '',
  ].join('\n')
  assert.equal(lastWordsOf(log), 'Caused by: java.net.BindException: Address already in use')
  assert.equal(lastWordsOf(''), '')
})
