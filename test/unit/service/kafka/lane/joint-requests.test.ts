import assert from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { test } from 'node:test'
import { JointRequests } from '../../../../../src/service/kafka/lane/joint-requests.ts'

interface Batch {
  readonly name: string
  readonly bytes: number
}

const MIB = 1024 * 1024

function setUp() {
  const sent: string[] = []
  const answers: Array<PromiseWithResolvers<ReadonlyArray<string | undefined>>> = []
  const requests = new JointRequests<Batch, string>({
    perform: (batches) => {
      sent.push(batches.map(({ name }) => name).join('+'))
      const answer = Promise.withResolvers<ReadonlyArray<string | undefined>>()
      answers.push(answer)
      return answer.promise
    },
    defer: setImmediate,
  })
  const send = (name: string, bytes = 1): Promise<string> => requests.send({ name, bytes })
  return { requests, sent, answers, send }
}

test('what is ready in one turn leaves in one request, and each gets its own answer', async () => {
  const { sent, answers, send } = setUp()
  const both = Promise.all([send('a'), Promise.resolve().then(() => send('b'))])
  await nextTurn()
  assert.deepEqual(sent, ['a+b'])
  answers[0]?.resolve(['A', 'B'])
  assert.deepEqual(await both, ['A', 'B'])
})

test('one request at a time: the next one leaves when the one before has its answer', async () => {
  const { requests, sent, answers, send } = setUp()
  void send('a')
  await nextTurn()
  assert.equal(requests.isFree, false)
  let isFree = false
  void requests.untilFree().then(() => {
    isFree = true
  })
  void send('b')
  await nextTurn()
  assert.deepEqual([sent, isFree], [['a'], false])
  answers[0]?.resolve(['A'])
  await nextTurn()
  await nextTurn()
  assert.deepEqual([sent, isFree], [['a', 'b'], true])
})

test('a request that fails fails all its batches; a batch without an answer fails alone', async () => {
  const { requests, answers, send } = setUp()
  const lost = Promise.allSettled([send('a'), send('b')])
  await nextTurn()
  answers[0]?.reject(new Error('no answer'))
  assert.deepEqual(
    (await lost).map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  await requests.untilFree()
  const mixed = Promise.allSettled([send('c'), send('d')])
  await nextTurn()
  answers[1]?.resolve([undefined, 'D'])
  assert.deepEqual(
    (await mixed).map(({ status }) => status),
    ['rejected', 'fulfilled'],
  )
})

test('what is withdrawn before it has left does not leave', async () => {
  const { requests, sent, send } = setUp()
  const batch = { name: 'a', bytes: 1 }
  void requests.send(batch)
  requests.withdraw(batch)
  await nextTurn()
  assert.deepEqual(sent, [])
  assert.equal(requests.isFree, true)
  void send('b')
  await nextTurn()
  assert.deepEqual(sent, ['b'])
})

test('more than one request can hold leaves in several at once', async () => {
  const { sent, send } = setUp()
  for (const [name, bytes] of [
    ['a', 5 * MIB],
    ['b', 3 * MIB],
    ['c', 1],
    ['d', 9 * MIB],
    ['e', 1],
  ] as const) {
    void send(name, bytes)
  }
  await nextTurn()
  assert.deepEqual(sent, ['a+b', 'c', 'd', 'e'])
})
