import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  decide,
  explainApiPort,
  explainMissingTools,
  type Listener,
} from '../../../dev-services/plan.ts'

const kafka = { name: 'Kafka', variable: 'KAFKA_BOOTSTRAP_SERVERS', port: 9092 }

suite('deciding about a dependency', () => {
  const table: ReadonlyArray<readonly [boolean, Listener, string]> = [
    [true, 'nothing', 'configured'],
    [true, 'expected', 'configured'],
    [true, 'stranger', 'configured'],
    [false, 'expected', 'found'],
    [false, 'nothing', 'start'],
    [false, 'stranger', 'blocked'],
  ]
  for (const [isConfigured, listener, kind] of table) {
    const setting = isConfigured ? 'configured' : 'not configured'
    test(`${setting}, ${listener} on its port: ${kind}`, () => {
      const decision = decide(kafka, isConfigured, listener)
      assert.equal(decision.kind, kind)
      assert.match(decision.why, /KAFKA_BOOTSTRAP_SERVERS/)
    })
  }

  test('a port taken by something else is one sentence that names the port and both remedies', () => {
    const { why } = decide(kafka, false, 'stranger')
    assert.match(why, /^Port 9092 is taken .*Kafka: stop it, or set KAFKA_BOOTSTRAP_SERVERS .*\.$/)
  })
})

suite('missing tools', () => {
  const found = { kind: 'found', command: 'java' } as const

  test('nothing is missing with Java and Maven', () => {
    const tools = { java: found, hasMaven: true, hasDockerCompose: false }
    assert.equal(explainMissingTools(['Kafka'], tools), undefined)
  })

  test('names what is missing and the three ways out', () => {
    const text = explainMissingTools(['Kafka', 'the schema registry'], {
      java: { kind: 'missing' },
      hasMaven: false,
      hasDockerCompose: false,
    })
    assert.ok(text)
    const [sentence = '', ...ways] = text.split('\n')
    assert.match(sentence, /^Kafka and the schema registry cannot be started/)
    assert.match(sentence, /no Java was found and no Maven was found/)
    assert.equal(ways.length, 3)
    assert.match(ways[0] ?? '', /JDK, 17 or later, and Maven/)
    assert.match(ways[1] ?? '', /install Docker and run `docker compose up`/)
    assert.match(ways[2] ?? '', /KAFKA_BOOTSTRAP_SERVERS and SCHEMA_REGISTRY_URL/)
  })

  test('says which version of Java is too old', () => {
    const tools = {
      java: { kind: 'too-old', version: 11 },
      hasMaven: true,
      hasDockerCompose: false,
    } as const
    assert.match(explainMissingTools(['Kafka'], tools) ?? '', /version 11/)
  })

  test('points to docker compose as ready to use where it is', () => {
    const tools = { java: found, hasMaven: false, hasDockerCompose: true }
    const text = explainMissingTools(['Kafka'], tools) ?? ''
    assert.match(text, /because no Maven was found\. /)
    assert.match(text, /run `docker compose up`, which is installed here/)
  })
})

suite('an API port that cannot be listened on', () => {
  test('taken: names the port and a command with another one', () => {
    const text = explainApiPort('0.0.0.0', 8000, 'EADDRINUSE')
    assert.match(text, /^Port 8000 is taken/)
    assert.match(text, /API_PORT=8001 npm run dev$/)
  })

  test('the last port has no next one', () => {
    assert.match(explainApiPort('0.0.0.0', 65_535, 'EADDRINUSE'), /API_PORT=8000 /)
  })

  test('not permitted: asks for a port above 1023', () => {
    assert.match(explainApiPort('0.0.0.0', 80, 'EACCES'), /port 80: choose a port above 1023/)
  })

  test('an address that is not here: names API_HOST', () => {
    const text = explainApiPort('192.0.2.1', 8000, 'EADDRNOTAVAIL')
    assert.match(text, /192\.0\.2\.1.*EADDRNOTAVAIL.*API_HOST/)
  })
})
