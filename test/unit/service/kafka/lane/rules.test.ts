import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SEQUENCE_COUNT } from '../../../../../src/service/kafka/lane/batch-size.ts'
import { eventsUnderWay, openLane } from '../../../../../src/service/kafka/lane/rules.ts'
import {
  acked,
  allParkedDue,
  ackedAsRepeat,
  deadline,
  event,
  failed,
  given,
  resending,
  inDoubt,
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
    assert.deepEqual(first.state.narrow, { batchEventsMax: 2, eventsLeft: 2 })
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

  test('of what is parked the smallest is tried again, and the lane is free for others', () => {
    const [large, small] = [event('large', { valueBytes: 5_000 }), event('small')]
    const parked = resending(large)
      .when(failed('event-refused'))
      .when(takenOver(small))
      .when(numbers([OWN, 0]))
      .when(page({ to: 10, of: 10 }))
      .when(failed('event-refused'))
      .is('idle')
    assert.equal(names(parked.state.parked), 'large small')
    parked.when(taken(b)).does('send b as 7/0, first')
    const tried = parked.when(parkedDue).does('ask 7').is('asking')
    assert.equal(names(tried.state.parked), 'large')
  })

  test('nothing is tried again where nothing is parked', () => {
    assert.throws(() => given().when(parkedDue))
  })
})
