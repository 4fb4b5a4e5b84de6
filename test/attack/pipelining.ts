import { once } from 'node:events'
import { askUnread, converse, Tally } from './conversation.ts'
import type { Attack } from './harness.ts'
import { openSocket } from './raw-http.ts'
import { getRequest, times } from './requests.ts'
import { untilIdle } from './until-idle.ts'

/** One connection asks faster than it reads. */

const SIZES = {
  full: { files: 10_000, streams: 1_200 },
  short: { files: 1_000, streams: 1_200 },
} as const

/** The service's own files, its store, Kafka, and some connections; none of them for a request. */
const FILES_MAX = 200

export const filesUnread: Attack = {
  name: 'files-unread',
  about: 'one client asks for a large script many times, and reads nothing',
  async run(place) {
    const { files } = SIZES[place.size]
    const target = await place.start()
    const script = getRequest(await findScript(target.url))
    const socket = await askUnread(target.port, script.repeat(files))
    const whileUnread = await untilIdle(target.pid)
    const others = new Tally()
    await converse(target.port, [script], others)
    socket.destroy()
    const opened = target.filesMax()
    return {
      sent: `${files} requests for the script of /redoc on one connection, unread`,
      cameBack: `another client: ${others.text}; ${opened} files open`,
      faults: [
        ...whileUnread,
        ...(others.count('200') === 1 ? [] : [`another client got ${others.text}`]),
        ...(opened > FILES_MAX ? [`${opened} files were open`] : []),
      ],
    }
  },
}

async function findScript(url: string): Promise<string> {
  const page = await (await fetch(`${url}/redoc`)).text()
  const path = /<script[^>]*src="([^"]+)"/u.exec(page)?.[1]
  if (path === undefined) throw new Error('/redoc has no script')
  return new URL(path, `${url}/redoc`).pathname
}

export const streamsPipelined: Attack = {
  name: 'streams-pipelined',
  about: 'one connection asks for more streams than there are places',
  async run(place) {
    const { streams } = SIZES[place.size]
    const { port } = await place.start()
    const stream = getRequest('/api/events/stream')
    const greedy = await askUnread(port, stream.repeat(streams))
    const statuses = await Promise.all(times(3, () => firstStatus(port, stream)))
    greedy.destroy()
    const isOpen = statuses.every((status) => status === 200)
    return {
      sent: `${streams} requests for the stream on one connection`,
      cameBack: `3 others: ${statuses.join(', ')}`,
      faults: isOpen ? [] : ['one connection took the places of all'],
    }
  },
}

async function firstStatus(port: number, request: string): Promise<number> {
  const socket = await openSocket(port)
  socket.write(request)
  const [head] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  return Number(/^HTTP\/1\.1 (\d{3}) /u.exec(head.toString('latin1'))?.[1])
}
