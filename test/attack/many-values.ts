import type { Socket } from 'node:net'
import { nameOf, Tally, UNANSWERED, untrueAnswers } from './conversation.ts'
import type { Attack } from './harness.ts'
import { AnswerReader, openSocket } from './raw-http.ts'
import { jsonText, times } from './requests.ts'
import { auditTopic } from './tools.ts'

/**
 * Bodies of small values, which take twenty times as much in memory, and which all end in the same moment: as
 * many values as a body may have, and as many as have room in it.
 */

const SIZES = { full: 190, short: 10 } as const

/** Of a creation of 100 items, and nearly the most values that it may have. */
const BODY_BYTES = 335_000
const VALUES_MAX = 13_900

/** No double is this number. */
const LONG_NUMBER = '0.1234567890123456100,'

export const manyValues: Attack = {
  name: 'many-values',
  about: 'many bodies of tiny values, which end in the same moment',
  async run(place) {
    const clients = SIZES[place.size]
    const { port } = await place.start()
    const tally = new Tally()
    const most = await openMany(port, clients)
    await sendTogether(most, (client) => bodyOf(`MANY-${client}`, '{},', VALUES_MAX), tally)
    await sendTogether(most, (client) => bodyOf(`LONG-${client}`, LONG_NUMBER, 3_900), tally)
    const refused = new Tally()
    await sendTogether(most, (client) => bodyOf(`BOMB-${client}`, '{},', BODY_BYTES / 3), refused)
    for (const socket of most) socket.destroy()
    const audit = await auditTopic(place.settings)
    return {
      sent: `${clients} bodies of ${BODY_BYTES} bytes with ${VALUES_MAX} values, as many with 3900 long numbers, and as many with ${Math.floor(BODY_BYTES / 3)}`,
      cameBack: `${tally.text}; ${refused.text}`,
      faults: [
        ...untrueAnswers(tally),
        ...(refused.count('413 BODY_TOO_LARGE') === clients ? [] : [`got ${refused.text}`]),
        ...(audit.topicCount === tally.count('201') ? [] : [`${audit.topicCount} on the topic`]),
        ...audit.faults,
      ],
    }
  },
}

function openMany(port: number, count: number): Promise<Socket[]> {
  return Promise.all(
    times(count, async () => {
      const socket = await openSocket(port)
      return socket.on('error', () => {})
    }),
  )
}

/** The last byte of each when all else of all is sent. */
async function sendTogether(
  sockets: readonly Socket[],
  textOf: (client: number) => string,
  tally: Tally,
): Promise<void> {
  const texts = sockets.map((_, client) => textOf(client))
  await Promise.all(
    sockets.map((socket, client) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      socket.write(texts[client]?.slice(0, -1) ?? '', () => resolve())
      return promise
    }),
  )
  await Promise.all(
    sockets.map((socket, client) => {
      const answered = readAnswer(socket, tally)
      socket.write(texts[client]?.slice(-1) ?? '')
      return answered
    }),
  )
}

function readAnswer(socket: Socket, tally: Tally): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const reader = new AnswerReader()
  const read = (chunk: Buffer): void => {
    for (const answer of reader.push(chunk)) {
      tally.add(nameOf(answer))
      end()
    }
  }
  const end = (): void => {
    socket.off('data', read).off('close', lose)
    resolve()
  }
  const lose = (): void => {
    tally.add(UNANSWERED)
    end()
  }
  socket.on('data', read).on('close', lose)
  return promise
}

/** A valid order, with a field that nobody knows. */
function bodyOf(orderId: string, value: string, count: number): string {
  const head = `{"orderId":"${orderId}","numItems":1,"z":[`
  const values = `${value.repeat(count - 20)}0]`
  return jsonText('POST', '/api/create-order', `${head}${values}`.padEnd(BODY_BYTES) + '}')
}
