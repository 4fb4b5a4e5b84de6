import assert from 'node:assert/strict'
import { test } from 'node:test'
import { composeArguments } from './containers/compose-service.ts'

/** `npm run test:image` is no part of every run: what it could not start any more would be noticed late. */

test('the service part of compose.yaml is what the test of the image can run', () => {
  const args = composeArguments({ KAFKA_TOPIC: 'orders' }, 'some-volume')
  assert.ok(args.includes('--env=ALLOWED_HOSTS=localhost,127.0.0.1,cart-service'), args.join('\n'))
  assert.ok(args.includes('--env=KAFKA_TOPIC=orders'))
  assert.ok(args.includes('--volume=some-volume:/app/data'))
  assert.deepEqual(
    args.filter((argument) => /[{}]/u.test(argument)),
    [],
  )
})
