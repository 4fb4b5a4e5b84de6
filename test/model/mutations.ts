import assert from 'node:assert/strict'

/**
 * Rules of a lane, taken out one at a time. Each shows in what comes of it: a false reply, a wrong
 * position, a request that must not be sent, or no end. What the text is replaced with is not type-checked.
 */

export interface Mutation {
  /** The invariant, as it is named at the top of rules.ts. */
  readonly rule: string
  readonly without: string
  readonly file: string
  /** Each text occurs exactly once. */
  readonly edits: ReadonlyArray<readonly [text: string, instead: string]>
}

const RULES = 'src/service/kafka/lane/rules.ts'
const DOUBT = 'src/service/kafka/lane/doubt.ts'
const DRIVER = 'src/service/kafka/lane/driver.ts'

export const MUTATIONS: readonly Mutation[] = [
  {
    rule: 'L1',
    without: 'the next input is taken while a request is under way',
    file: DRIVER,
    edits: [
      [
        'const input = await perform(this.#session, request)\n    if (isFurther(request, input)) this.#trouble.noteFurther()\n    if (!this.#isClosing) await this.#hear(input)',
        'this.#request = undefined\n    void perform(this.#session, request).then((input) => this.#hear(input))',
      ],
    ],
  },
  {
    rule: 'L2',
    without: 'no answer counts as a refusal',
    file: RULES,
    edits: [["if (verdict === 'unknown') {", 'if (false) {']],
  },
  {
    rule: 'L3',
    without: 'what was taken over is sent as if it had never left',
    file: RULES,
    edits: [
      [
        "return recover(state, input.events)\n    case 'parked-due'",
        "return sendFirst(state, input.events)\n    case 'parked-due'",
      ],
    ],
  },
  {
    rule: 'L3',
    without: 'what is sent again can be refused',
    file: RULES,
    edits: [
      [
        "if (verdict === 'event-refused') {\n        return shrink(state, station.doubt, station.attempts[0], reason)\n      }",
        "if (verdict !== 'unknown' && station.doubt.attempts.length > 0) return refuse(state, station.doubt.events, verdict, reason)",
      ],
    ],
  },
  {
    rule: 'L4',
    without: 'a repeat is believed',
    file: RULES,
    edits: [['if (isRepeat || state.mayBeTaken ||', 'if (state.mayBeTaken ||']],
  },
  {
    rule: 'L4',
    without: 'an offset that was known to be taken is believed',
    file: RULES,
    edits: [['|| baseOffset <= state.lastOffset)', ')']],
  },
  {
    rule: 'L4',
    without: 'the late request of a parked event is forgotten',
    file: RULES,
    edits: [['if (isRepeat || state.mayBeTaken ||', 'if (isRepeat ||']],
  },
  {
    rule: 'L5',
    without: 'the numbers are asked for after the look',
    file: DOUBT,
    edits: [
      [
        ': endLook(state, doubt, station.numbers, untilOffset)',
        ': missing.length > 0 ? ask(state, { ...doubt, readUntil: untilOffset }) : endLook(state, doubt, station.numbers, untilOffset)',
      ],
      [
        'const { doubt } = station\n  const { id, epoch, firstSequence } =',
        'const { readUntil, ...doubt } = station.doubt\n  if (readUntil !== undefined) return endLook(state, doubt, numbers, readUntil)\n  const { id, epoch, firstSequence } =',
      ],
    ],
  },
  {
    rule: 'L5',
    without: 'the topic is read to where it ended before the numbers were asked for',
    file: DOUBT,
    edits: [
      [
        'const doubt = { ...station.doubt, events: missing, searchFromOffset: nextOffset }',
        'const doubt = { ...station.doubt, events: missing, searchFromOffset: nextOffset, untilOffset }',
      ],
      ['untilOffset: undefined,', 'untilOffset: doubt.untilOffset,'],
    ],
  },
  {
    rule: 'L6',
    without: 'a look ends with its first page',
    file: DOUBT,
    edits: [['missing.length > 0 && nextOffset < untilOffset', 'false']],
  },
  {
    rule: 'L6',
    without: 'what is not replicated for long counts as read',
    file: DOUBT,
    edits: [
      [
        'return askLater(state, doubt, `the record at offset ${doubt.searchFromOffset} is not replicated`)',
        'return endLook(state, doubt, station.numbers, station.untilOffset)',
      ],
    ],
  },
  {
    rule: 'L7',
    without: 'a second batch of a producer follows on the first',
    file: DOUBT,
    edits: [
      [
        'return [{ numbers: { id, epoch, firstSequence }, events: ofProducer.slice(0, count) }]',
        'const half = Math.ceil(count / 2)\n  const first = { numbers: { id, epoch, firstSequence }, events: ofProducer.slice(0, half) }\n  const second = { numbers: { id, epoch, firstSequence: sequenceAfter(firstSequence, half) }, events: ofProducer.slice(half, count) }\n  return half < count ? [first, second] : [first]',
      ],
    ],
  },
  {
    rule: 'L8',
    without: 'an ack of what was sent after a look is believed',
    file: RULES,
    edits: [
      [
        'const [, next, ...rest] = station.attempts',
        "const [{ events: acked }, next, ...rest] = station.attempts\n  const others = doubt.events.filter((event) => !acked.includes(event))\n  if (others.length === 0) {\n    return { state: { ...state, station: { kind: 'idle' } }, effects: [{ kind: 'ack', events: acked, baseOffset }] }\n  }",
      ],
    ],
  },
  {
    rule: 'L9',
    without: 'an unknown sender is not reported',
    file: DOUBT,
    edits: [["? [{ kind: 'suspect-takeover' }]", '? []']],
  },
  {
    rule: 'L9',
    without: 'nobody is suspected when the number of a parked event is gone',
    file: RULES,
    edits: [['const attempts = [noRequest(state)]', 'const attempts = []']],
  },
  {
    rule: 'L10',
    without: 'a batch in doubt never gets smaller',
    file: RULES,
    edits: [['return ask(state, smaller(doubt, refused))', "return askLater(state, doubt, '')"]],
  },
  {
    rule: 'L10',
    without: 'an event that is refused alone is not parked',
    file: RULES,
    edits: [
      [
        'const parked = [...state.parked, { ...first, searchFromOffset, refusal: reason }]',
        "if (first !== undefined) return askLater(state, doubt, '')\n  const parked = [...state.parked, first]",
      ],
    ],
  },
  {
    rule: 'L11',
    without: 'each look begins again',
    file: DOUBT,
    edits: [
      [
        "state: { ...state, station: { kind: 'asking', doubt } },",
        "state: { ...state, station: { kind: 'asking', doubt: { ...doubt, searchFromOffset: lowestOffset(doubt.events) } } },",
      ],
    ],
  },
  {
    rule: 'L12',
    without: 'the lane sends without the lease',
    file: DRIVER,
    edits: [['const mayPublish = this.#deps.mayPublish()', 'const mayPublish = true']],
  },
  {
    rule: 'L13',
    without: 'what has left is cancelled at its deadline',
    file: DRIVER,
    edits: [
      [
        'for (const entry of effect.events) putInDoubt(entry)',
        "for (const entry of effect.events) entry.resolve({ kind: 'cancelled' })",
      ],
    ],
  },
  {
    rule: 'L14',
    without: 'a lane sends as new what another one has admitted',
    file: DRIVER,
    edits: [['const isOwn = pending.producer.id === this.#state?.own.id', 'const isOwn = true']],
  },
]

/** The file without the rule. */
export function withoutRule({ file, edits }: Mutation, source: string): string {
  return edits.reduce((text, [before, instead]) => {
    assert.equal(text.split(before).length, 2, `occurs once in ${file}: ${before}`)
    return text.replace(before, () => instead)
  }, source)
}
