import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SEQUENCE_COUNT } from '../../../../../src/service/kafka/lane/batch-size.ts'
import type { LaneEntry } from '../../../../../src/service/kafka/lane/entry.ts'
import { eventsUnderWay, openLane } from '../../../../../src/service/kafka/lane/rules.ts'
import {
  acked,
  allParkedDue,
  ackedAsRepeat,
  anyNumber,
  deadline,
  event,
  failed,
  given,
  type Given,
  names,
  numbers,
  OTHER,
  OWN,
  page,
  parkedDue,
  taken,
  takenOver,
} from './lane-play.ts'

const [a, b, c] = [event('a'), event('b'), event('c')]

/** Some events that are sent, and of which nothing was heard. */
function inDoubt(...events: readonly LaneEntry[]) {
  return given()
    .when(taken(...events))
    .when(failed('unknown'))
}

/** The same, and the broker has the numbers of none of them, so that they are sent again. */
function resending(...events: readonly LaneEntry[]) {
  return inDoubt(...events)
    .when(numbers([OWN, 0]))
    .when(page({ to: 10, of: 10 }))
}

describe('a lane that nothing happens to', () => {
  test('sends what it is given, and is idle when that is acked', () => {
    given().when(taken(a, b)).does('send a b as 7/0, first').is('sent')
    given().when(taken(a, b)).when(acked(10)).does('ack a b at 10').is('idle')
  })

  test('counts its numbers on', () => {
    const later = given().when(taken(a, b)).when(acked(10))
    later.when(taken(c)).does('send c as 7/2, first')
  })

  test('begins its numbers anew behind the last one', () => {
    const state = openLane({ id: OWN, epoch: 0 }, 10)
    const own = { ...state.own, firstSequence: SEQUENCE_COUNT - 1 }
    const later = given({ ...state, own })
      .when(taken(a))
      .when(acked(10))
    later.when(taken(b)).does('send b as 7/0, first')
  })

  test('admits what comes next behind the last offset that it knows', () => {
    assert.equal(given().when(taken(a, b)).when(acked(10)).state.lastOffset, 11)
  })
})

describe('L1, one request', () => {
  for (const input of [taken(c), takenOver(c), parkedDue]) {
    test(`nothing is begun by '${input.kind}' while something is under way`, () => {
      const sent = given().when(taken(a))
      assert.throws(() => sent.when(input))
      assert.throws(() => sent.when(failed('unknown')).when(input))
      assert.throws(() => resending(a).when(input))
    })
  }

  for (const input of [acked(10), failed('unknown'), numbers([OWN, 0]), page({ to: 10, of: 10 })]) {
    test(`an idle lane waits for no '${input.kind}'`, () => {
      assert.throws(() => given().when(input))
    })
  }
})

describe('L2, refused is proven', () => {
  test('one event that the broker refuses before it appends', () => {
    given().when(taken(a)).when(failed('event-refused')).does('refuse a').is('idle')
  })

  test('all that is sent now is refused', () => {
    const refused = given().when(taken(a, b)).when(failed('partition-refused'))
    refused.does('report the refusal', 'refuse a b').is('idle')
  })

  test('the numbers of what was refused are free', () => {
    const refused = given().when(taken(a)).when(failed('event-refused'))
    refused.when(taken(b)).does('send b as 7/0, first')
  })

  test('of several events one may be to blame: they go in halves again', () => {
    const d = event('d')
    const halved = given()
      .when(taken(a, b, c, d))
      .when(failed('event-refused'))
    halved.does('requeue a b c d').is('idle')
    assert.deepEqual(halved.state.narrow, { batchEventsMax: 2, eventsLeft: 4 })
    const first = halved.when(taken(a, b)).when(acked(10))
    // A batch may be larger again.
    assert.deepEqual(first.state.narrow, { batchEventsMax: 4, eventsLeft: 2 })
    assert.equal(first.when(taken(c, d)).state.narrow, undefined)
  })

  test('what was refused is not sent again for a caller who was told "in doubt"', () => {
    const early = event('early', { deadlineMs: 1_000 })
    const late = given().when(taken(early, a)).when(deadline(1_000)).when(failed('event-refused'))
    late.does('refuse early', 'requeue a')
  })

  test('an answer that proves nothing refuses nothing', () => {
    inDoubt(a).does('back off: WHY', 'ask 7').is('asking')
  })
})

describe('L3, doubt is sticky', () => {
  test('what may have left elsewhere is asked and looked for before it is sent', () => {
    given()
      .when(takenOver(event('x', { producer: OTHER })))
      .does('ask 8')
      .when(numbers([OTHER, 5]))
      .does('look for x from 10')
      .when(page({ to: 10, of: 10 }))
      .does('send x as 8/5')
      .is('resending')
  })

  for (const verdict of ['partition-refused', 'unknown'] as const) {
    test(`a second request that ends '${verdict}' refuses nothing`, () => {
      resending(a).when(failed(verdict)).does('back off: WHY', 'ask 7').is('asking')
    })
  }

  test('a second request that is refused for its event refuses nothing', () => {
    const parked = resending(a).when(failed('event-refused')).does().is('idle')
    assert.equal(names(parked.state.parked), 'a')
  })

  test('at its deadline it is put in doubt, wherever it is', () => {
    given().when(taken(a)).when(deadline(5_000)).does('put in doubt a').is('sent')
    inDoubt(a).when(deadline(5_000)).does('put in doubt a').is('asking')
    inDoubt(a)
      .when(numbers([OWN, 0]))
      .when(deadline(5_000))
      .does('put in doubt a')
      .is('looking')
    resending(a).when(deadline(5_000)).does('put in doubt a').is('resending')
    given().when(deadline(5_000)).does().is('idle')
    given().when(taken(a)).when(deadline(4_999)).does()
  })
})

describe('L4, which ack counts', () => {
  for (const [why, ack] of [
    ['that is a repeat', ackedAsRepeat(12)],
    ['at an offset that was known to be taken', acked(9)],
    ['without an offset', acked(-1)],
  ] as const) {
    test(`an ack ${why} is asked about`, () => {
      given().when(taken(a)).when(ack).does('ask 7').is('asking')
    })
  }

  test('what such an ack says is where the look begins, if that is lower', () => {
    const at3 = given().when(taken(a)).when(acked(3))
    at3.when(numbers([OWN, 1])).does('look for a from 3')
    const at12 = given().when(taken(a)).when(ackedAsRepeat(12))
    at12.when(numbers([OWN, 1])).does('look for a from 10')
  })
})

describe('L4, after an event was parked', () => {
  const parked = resending(a).when(failed('event-refused')).is('idle')

  test('an ack is asked about: a late request with that event may have had the number', () => {
    // On a topic with LogAppendTime the ack of a repeat looks like every other ack.
    parked.when(taken(b)).when(acked(10)).does('ask 7').is('asking')
  })

  test('until the number is used up', () => {
    parked
      .when(taken(b))
      .when(acked(10))
      .when(numbers([OWN, 1]))
      .when(page({ found: [[b, 10]], to: 11, of: 11 }))
      .does('ack b at 10')
      .when(taken(c))
      .when(acked(11))
      .does('ack c at 11')
  })

  test('not where it was an event of another producer', () => {
    given()
      .when(takenOver(event('x', { producer: OTHER })))
      .when(numbers([OTHER, 5]))
      .when(page({ to: 10, of: 10 }))
      .when(failed('event-refused'))
      .when(taken(b))
      .when(acked(10))
      .does('ack b at 10')
  })
})

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

describe('L8, an ack of what is sent after a look proves nothing', () => {
  test('it is asked and looked for once more', () => {
    resending(a)
      .does('send a as 7/0')
      .when(acked(10))
      .does('ask 7')
      .when(numbers([OWN, 1]))
      .does('look for a from 10')
      .when(page({ found: [[a, 11]], to: 12, of: 12 }))
      .does('ack a at 11')
      .is('idle')
  })

  test('a repeat that lies lower is looked for there', () => {
    const repeated = resending(a).when(ackedAsRepeat(8)).does('ask 7')
    repeated.when(numbers([OWN, 1])).does('look for a from 8')
  })

  test('new events come after it with the numbers that the broker said', () => {
    const settled = resending(a)
      .when(acked(10))
      .when(numbers([OWN, 1]))
      .when(page({ found: [[a, 10]], to: 11, of: 11 }))
    settled.when(taken(b)).does('send b as 7/1, first')
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

  test('not where its own request arrived after the broker had said the numbers', () => {
    asked(0)
      .when(page({ found: all, to: 12, of: 12 }))
      .does('ack a at 10', 'ack b at 11')
      .when(taken(event('next')))
      .does('send next as 7/2, first')
  })

  test('where a part of its events is there without its numbers', () => {
    asked(0)
      .when(page({ found: [[a, 10]], to: 11, of: 11 }))
      .does('ack a at 10', 'suspect a takeover', 'send b as 7/0')
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

  test('where the number has gone to somebody else while its event was parked', () => {
    resending(a)
      .when(failed('event-refused'))
      .when(parkedDue)
      .when(numbers([OWN, 1]))
      .when(page({ to: 11, of: 11 }))
      .does('suspect a takeover', 'send a as 7/1')
  })

  test('where that happened after one of several was parked', () => {
    resending(a, b)
      .when(failed('event-refused'))
      .when(numbers([OWN, 0]))
      .when(page({ to: 10, of: 10 }))
      .does('send a as 7/0')
      .when(failed('event-refused'))
      .when(numbers([OWN, 1]))
      .when(page({ to: 11, of: 11 }))
      .does('suspect a takeover', 'send b as 7/1')
  })

  test('not where the number of a parked event is still free', () => {
    resending(a)
      .when(failed('event-refused'))
      .when(parkedDue)
      .when(numbers([OWN, 0]))
      .when(page({ to: 10, of: 10 }))
      .does('send a as 7/0')
      .when(acked(10))
      .when(numbers([OWN, 1]))
      .when(page({ found: [[a, 10]], to: 11, of: 11 }))
      .does('ack a at 10')
  })

  test('not for what others may have sent', () => {
    given()
      .when(takenOver(event('x', { producer: OTHER })))
      .when(numbers([OTHER, 5]))
      .when(page({ to: 12, of: 12 }))
      .does('send x as 8/5')
  })
})

describe('L10, nothing holds the partition', () => {
  test('a batch in doubt that is refused for what it holds gets half as large', () => {
    const d = event('d')
    const half = resending(a, b, c, d).when(failed('event-refused')).does('ask 7')
    half
      .when(numbers([OWN, 0]))
      .when(page({ to: 10, of: 10 }))
      .does('send a b as 7/0')
      .when(failed('event-refused'))
      .when(numbers([OWN, 0]))
      .when(page({ to: 10, of: 10 }))
      .does('send a as 7/0')
  })

  test('one that is refused alone is parked, and the others pass', () => {
    const large = event('large', { valueBytes: 5_000 })
    const alone = resending(large, b)
      .when(failed('event-refused'))
      .when(numbers([OWN, 0]))
      .when(page({ to: 10, of: 10 }))
      .does('send large as 7/0')
      .when(failed('event-refused'))
      .does('ask 7')
    assert.equal(names(alone.state.parked), 'large')
    assert.equal(names(eventsUnderWay(alone.state)), 'b')
    alone
      .when(numbers([OWN, 0]))
      .when(page({ to: 10, of: 10 }))
      .does('send b as 7/0')
  })

  test('one that is as large is tried too, by itself: what the first one holds may be to blame', () => {
    const alone = resending(a, b)
      .when(failed('event-refused'))
      .when(numbers([OWN, 0]))
      .when(page({ to: 10, of: 10 }))
      .when(failed('event-refused'))
      .does('ask 7')
      .when(numbers([OWN, 0]))
      .when(page({ to: 10, of: 10 }))
      .does('send b as 7/0')
      .when(failed('event-refused'))
      .is('idle')
    assert.equal(names(alone.state.parked), 'a b')
    alone.when(allParkedDue).does('ask 7').is('asking')
  })

  test('of what is parked two are tried again, the smallest and the one that waits longest', () => {
    const sizes = { large: 5_000, medium: 4_000, small: 100 }
    const events = Object.entries(sizes).map(([name, valueBytes]) => event(name, { valueBytes }))
    const parked = events.reduce<Given>(
      (lane, one) =>
        lane
          .when(takenOver(one))
          .when(numbers([OWN, 0]))
          .when(page({ to: 10, of: 10 }))
          .when(failed('event-refused'))
          .is('idle'),
      given(),
    )
    parked.when(taken(b)).does('send b as 7/0, first')
    const tried = parked.when(parkedDue).does('ask 7').is('asking')
    assert.equal(names(tried.state.parked), 'medium')
    assert.equal(names(eventsUnderWay(tried.state)), 'large small')
    // Each alone.
    tried
      .when(numbers([OWN, 0]))
      .when(page({ to: 10, of: 10 }))
      .does('send large as 7/0')
  })

  test('nothing is tried again where nothing is parked', () => {
    assert.throws(() => given().when(parkedDue))
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
