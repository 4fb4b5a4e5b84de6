import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listWeaknesses } from '../../src/compose-clients.ts'
import { loadConfig } from '../../src/config/config.ts'

const SASL = {
  KAFKA_SASL_MECHANISM: 'PLAIN',
  KAFKA_SASL_USERNAME: 'cart',
  KAFKA_SASL_PASSWORD: 'hush',
}

function warningsOf(env: Record<string, string>): readonly (string | undefined)[] {
  return listWeaknesses(loadConfig(env)).map((warning) => warning.split(':')[0])
}

test('a start warns of a credential that everybody on the network sees, and of a name that nobody checks', () => {
  assert.deepEqual(warningsOf({}), [])
  assert.deepEqual(warningsOf({ ...SASL, KAFKA_SECURITY_PROTOCOL: 'SASL_SSL' }), [])
  assert.deepEqual(warningsOf({ ...SASL, KAFKA_SECURITY_PROTOCOL: 'SASL_PLAINTEXT' }), [
    'KAFKA_SECURITY_PROTOCOL is SASL_PLAINTEXT',
  ])
  assert.deepEqual(warningsOf({ KAFKA_SECURITY_PROTOCOL: 'SSL', KAFKA_SSL_VERIFY: 'ca' }), [
    'KAFKA_SSL_VERIFY is ca',
  ])
})
