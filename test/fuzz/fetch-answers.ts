import { Reader, ResponseError, type Connection } from '@platformatic/kafka'
import fc from 'fast-check'
import { createBoundedReader } from '../../src/service/kafka/bounded-reader.ts'
import { TopicReader } from '../../src/service/kafka/topic-reader.ts'
import { asFrameError, FrameAssembler, FrameError } from '../../src/service/wire/frames.ts'
import { frameOf } from '../support/fake-broker.ts'
import { applyHarm, HARM } from '../support/harm.ts'
import type { FuzzTarget } from './fuzz-target.ts'

/** The same of the answer with records alone, without sockets: frames, the answer, the records in it. */

const PREFIX_BYTES = 8

const FORMAT = {
  name: "the broker's answer",
  lengthAt: 0,
  uncountedBytes: 4,
  lengthMin: 4,
  lengthMax: () => 8 * 1024 * 1024,
}

type Send = Connection['send']

/** Answers every request at once by what is in the frame, as a connection does. */
function connectionTo(frame: Buffer): Connection {
  const send = (...[key, version, , parse, , , callback]: Parameters<Send>): void => {
    try {
      const reader = Reader.from(frame.subarray(PREFIX_BYTES))
      callback(null, parse(1, key, version, createBoundedReader(reader)))
    } catch (error) {
      callback(error instanceof ResponseError ? error : asFrameError(error, FORMAT), undefined)
    }
  }
  return { send } as unknown as Connection
}

/** What was read is of no use to anybody who does not get it as it was sent. */
async function read(parts: readonly Buffer[]): Promise<void> {
  const assembler = new FrameAssembler(FORMAT)
  try {
    for (const part of parts) {
      for (const frame of assembler.push(part)) {
        await new TopicReader(connectionTo(frame), 'recorded-orders', 0).fetch(0)
      }
    }
  } catch (error) {
    if (!(error instanceof FrameError || error instanceof ResponseError)) throw error
  }
}

export const fetchAnswers: FuzzTarget = {
  name: 'records in answers',
  inputs: 250_000,
  open: () =>
    Promise.resolve({
      property: fc.asyncProperty(HARM, fc.boolean(), async (harm, isRight) => {
        const parts = applyHarm(frameOf('Fetch', 1), harm)
        const whole = Buffer.concat(parts)
        if (isRight && whole.length >= 4) whole.writeInt32BE(whole.length - 4)
        await read(isRight ? [whole] : parts)
      }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
}
