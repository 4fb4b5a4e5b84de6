import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import {
  asCurl,
  asPython,
  recordAsKcat,
  recordAsPython,
} from '../../../src/console/copy-commands.ts'

const ADDRESSES = {
  service: 'https://orders.example/prefix',
  kafka: 'kafka-1:9092,kafka-2:9092',
  registry: 'http://registry:8081/apis/ccompat/v7',
}

const STRANGE_IDS = ['ORD-1', "it's", '"$HOME" `id` \\', '€ 😀', 'طلب']

/** What a shell makes of the words of a command, `curl` or `kcat` itself left out. */
function shellWords(command: string): string[] {
  const script = command.replace(/^\w+/u, String.raw`printf '%s\0'`)
  return execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1)
}

test('a curl command sends exactly the request, whatever the order id is', () => {
  for (const orderId of STRANGE_IDS) {
    const body = { orderId, numItems: 3 }
    const command = asCurl(ADDRESSES, { method: 'POST', path: 'api/create-order', body })
    assert.deepEqual(shellWords(command), [
      '-X',
      'POST',
      'https://orders.example/prefix/api/create-order',
      '-H',
      'content-type: application/json',
      '-d',
      JSON.stringify(body),
    ])
  }
})

test('a curl command without a body says nothing of one', () => {
  const command = asCurl(ADDRESSES, { method: 'GET', path: 'api/orders/ORD-1' })
  assert.deepEqual(shellWords(command), [
    '-X',
    'GET',
    'https://orders.example/prefix/api/orders/ORD-1',
  ])
})

test('a Python program has the address and the body', () => {
  const body = { orderId: '"quoted"', numItems: 3 }
  const program = asPython(ADDRESSES, { method: 'POST', path: 'api/create-order', body })
  assert.match(program, /"POST", "https:\/\/orders\.example\/prefix\/api\/create-order"/u)
  assert.match(program, /json=\{"orderId":"\\"quoted\\"","numItems":3\}/u)
})

test('the commands for a record name its broker, topic, partition and offset', () => {
  const place = { topic: 'order-events', partition: 2, offset: 41 }
  const words = shellWords(recordAsKcat(ADDRESSES, place))
  assert.deepEqual(words.slice(0, 11), [
    '-b',
    ADDRESSES.kafka,
    '-t',
    'order-events',
    '-C',
    '-p',
    '2',
    '-o',
    '41',
    '-c',
    '1',
  ])
  const program = recordAsPython(ADDRESSES, place)
  for (const part of [
    'kafka-1:9092,kafka-2:9092',
    ADDRESSES.registry,
    'TopicPartition(topic, 2, 41)',
  ])
    assert.ok(program.includes(part), part)
})
