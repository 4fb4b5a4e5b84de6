import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openLane } from '../../../../../src/service/kafka/lane/rules.ts'
import {
  acked,
  anyNumber,
  event,
  failed,
  given,
  resending,
  inDoubt,
  numbers,
  OTHER,
  OWN,
  page,
  parkedDue,
  taken,
  takenOver,
} from './lane-play.ts'

const [a, b] = [event('a'), event('b')]

describe('L5, ask before look', () => {
  test('the end of the log is asked for after the numbers, each time', () => {
    const looking = inDoubt(a)
      .when(numbers([OWN, 0]))
      .does('look for a from 10')
      .is('looking')
    looking
      .when(page({ to: 12, of: 20 }))
      .does('look for a from 12 until 20')
      .when(failed('unknown'))
      .does('back off: WHY', 'ask 7')
      .when(numbers([OWN, 1]))
      .does('look for a from 12')
  })

  test('it is sent with the number that was free before the look, and not with a later one', () => {
    inDoubt(a)
      .when(numbers([OWN, 0]))
      .when(page({ to: 15, of: 15 }))
      .does('send a as 7/0')
  })

  test('an answer to no question is none', () => {
    assert.throws(() =>
      given()
        .when(taken(a))
        .when(numbers([OWN, 0])),
    )
    assert.throws(() => inDoubt(a).when(page({ to: 10, of: 10 })))
    assert.throws(() => inDoubt(a).when(acked(10)))
  })
})

describe('L6, only what is replicated counts as read', () => {
  const looking = inDoubt(a).when(numbers([OWN, 1]))

  test('it waits for the record that is appended and cannot be read yet', () => {
    looking
      .when(page({ to: 10, of: 11 }))
      .does('look for a from 10 until 11')
      .when(page({ found: [[a, 10]], to: 11, of: 11 }))
      .does('ack a at 10')
      .is('idle')
  })

  test('where that one does not come, it asks again', () => {
    let waiting = looking
    for (let pages = 1; pages < 20; pages += 1) {
      waiting = waiting.when(page({ to: 10, of: 11 })).does('look for a from 10 until 11')
    }
    waiting
      .when(page({ to: 10, of: 11 }))
      .does('back off: the record at offset 10 is not replicated', 'ask 7')
      .is('asking')
  })

  test('a page with something begins to count anew', () => {
    let waiting = looking
    for (let pages = 1; pages < 20; pages += 1) waiting = waiting.when(page({ to: 10, of: 12 }))
    waiting
      .when(page({ to: 11, of: 12 }))
      .when(page({ to: 11, of: 12 }))
      .does('look for a from 11 until 12')
  })

  test('a lane that opens takes the high watermark for the end of the partition', () => {
    assert.equal(openLane({ id: OWN, epoch: 0 }, 3).lastOffset, 2)
  })

  test('after a look it knows what is read, and not what is taken', () => {
    const read = looking.when(page({ to: 15, of: 15 }))
    assert.equal(read.state.lastOffset, 14)
    // The topic was made anew.
    const anew = looking.when(page({ to: 2, of: 2 }))
    assert.equal(anew.state.lastOffset, 1)
  })
})

describe('L7, between two looks one batch a producer', () => {
  const [x, y] = [event('x', { producer: OTHER }), event('y', { producer: OTHER })]
  const both = given()
    .when(takenOver(a, x, b, y))
    .does('ask 7 8')
    .when(numbers([OWN, 4], [OTHER, 5]))
    .does('look for a x b y from 10')
    .when(page({ to: 10, of: 10 }))

  test('what is missing goes by producer, one batch after the other', () => {
    both.does('send a b as 7/4').when(acked(10)).does('send x y as 8/5')
  })

  test('when each has had its batch the broker is asked about all of them', () => {
    const sent = both.when(acked(10)).when(acked(12)).does('ask 7 8')
    sent
      .when(numbers([OWN, 6], [OTHER, 7]))
      .does('look for a x b y from 10')
      .when(
        page({
          found: [
            [a, 10],
            [b, 11],
            [x, 12],
            [y, 13],
          ],
          to: 14,
          of: 14,
        }),
      )
      .does('ack a at 10', 'ack x at 12', 'ack b at 11', 'ack y at 13')
      .is('idle')
  })

  test('where one batch fails none follows', () => {
    both.when(failed('unknown')).does('back off: WHY', 'ask 7 8')
  })

  test('of what does not fit into one batch the rest waits for the next look', () => {
    const [large, larger] = [
      event('large', { valueBytes: 500_000 }),
      event('larger', { valueBytes: 500_000 }),
    ]
    const sent = given()
      .when(takenOver(large, larger))
      .when(numbers([OWN, 4]))
      .when(page({ to: 10, of: 10 }))
      .does('send large as 7/4')
      .when(acked(10))
    sent
      .when(numbers([OWN, 5]))
      .when(page({ found: [[large, 10]], to: 11, of: 11 }))
      .does('ack large at 10', 'send larger as 7/5')
  })
})

describe('L9, an unknown sender is reported before anything else is sent', () => {
  const asked = (next: number) => inDoubt(a, b).when(numbers([OWN, next]))
  const all = [
    [a, 10],
    [b, 11],
  ] as const

  test('not where the request was not taken', () => {
    asked(0)
      .when(page({ to: 10, of: 10 }))
      .does('send a b as 7/0')
  })

  test('not where it was taken, and nothing behind it', () => {
    asked(2)
      .when(page({ found: all, to: 12, of: 12 }))
      .does('ack a at 10', 'ack b at 11')
  })

  test('where its numbers were taken by something else', () => {
    asked(2)
      .when(page({ to: 12, of: 12 }))
      .does('suspect a takeover', 'send a b as 7/2')
  })

  test('where more was taken than it sent', () => {
    asked(3)
      .when(page({ found: all, to: 13, of: 13 }))
      .does('ack a at 10', 'ack b at 11', 'suspect a takeover')
      .is('idle')
  })

  test('where its events are there without its numbers', () => {
    asked(0)
      .when(page({ found: all, to: 12, of: 12 }))
      .does('ack a at 10', 'ack b at 11', 'suspect a takeover')
  })

  test('not where the broker has forgotten its numbers', () => {
    inDoubt(a)
      .when(anyNumber(OWN, 900))
      .when(page({ to: 10, of: 10 }))
      .does('send a as 7/900')
  })

  test('not where an earlier one of its own requests came through', () => {
    const smaller = resending(a, b).when(failed('event-refused')).does('ask 7')
    const again = smaller
      .when(numbers([OWN, 0]))
      .when(page({ to: 10, of: 10 }))
      .does('send a as 7/0')
    // The first request, with both, was late.
    again
      .when(failed('unknown'))
      .when(numbers([OWN, 2]))
      .when(page({ found: all, to: 12, of: 12 }))
      .does('ack a at 10', 'ack b at 11')
      .is('idle')
  })

  test('not for what others may have sent', () => {
    given()
      .when(takenOver(event('x', { producer: OTHER })))
      .when(numbers([OTHER, 5]))
      .when(page({ to: 12, of: 12 }))
      .does('send x as 8/5')
  })
})

describe('L11, reading continues where it stopped', () => {
  test('after a failure of the look', () => {
    const stopped = inDoubt(a)
      .when(numbers([OWN, 0]))
      .when(page({ to: 15, of: 20 }))
      .does('look for a from 15 until 20')
      .when(failed('unknown'))
    stopped.when(numbers([OWN, 0])).does('look for a from 15')
  })

  test('after a failure of the question and of the request', () => {
    const stopped = inDoubt(a)
      .when(numbers([OWN, 0]))
      .when(page({ to: 15, of: 15 }))
      .does('send a as 7/0')
      .when(failed('unknown'))
      .when(failed('unknown'))
    stopped.when(numbers([OWN, 0])).does('look for a from 15')
  })

  test('for an event that was parked', () => {
    const parked = inDoubt(a)
      .when(numbers([OWN, 0]))
      .when(page({ to: 15, of: 15 }))
      .when(failed('event-refused'))
    parked
      .when(parkedDue)
      .when(numbers([OWN, 0]))
      .does('look for a from 15')
  })

  test('one look serves several events, and begins at the lowest', () => {
    given()
      .when(takenOver(event('x', { from: 30 }), event('y', { from: 20 })))
      .when(numbers([OWN, 0]))
      .does('look for x y from 20')
  })
})
