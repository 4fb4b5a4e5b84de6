import {
  HOST,
  LENGTH,
  SMUGGLED,
  SMUGGLED_ID,
  creations,
  get,
  orderBody,
  post,
  requests,
  type Shape,
} from './shape.ts'

/** What comes behind a request, and how a connection ends (RFC 9112 §9.3, §9.6), and bytes of bodies. */

const CLOSE = 'Connection: close\r\n'
const UPGRADE = 'Connection: Upgrade\r\nUpgrade: websocket\r\n'

/** A caller is answered what it asked for before it made a mistake, or stopped. */
const BEHIND = creations('END', [
  ['a request after the last one', [201], (body) => post(CLOSE + LENGTH, body) + SMUGGLED],
  ['a request after one of HTTP/1.0', [201], (body) => post(LENGTH, body, '1.0') + SMUGGLED],
  ['garbage behind a request', [201], (body) => `${post(LENGTH, body)}garbage\r\n\r\n${SMUGGLED}`],
  ['CONNECT behind a request', [201], (body) => post(LENGTH, body) + get('/', '', 'CONNECT')],
  ['a wrong request behind a right one', [201], (body) => post(LENGTH, body) + get('/\0')],
  // Node drops what comes in one piece with it; so nothing may come behind it.
  ['an upgrade', [201], (body) => post(UPGRADE + LENGTH, body)],
])

const CONNECT = get('/', '', 'CONNECT')
const GARBAGE = 'garbage\r\n\r\n'

const UPGRADES = requests([
  ['an upgrade to WebSocket', [200], get('/health/live', UPGRADE)],
  [
    'an upgrade to HTTP/2',
    [200],
    get(
      '/health/live',
      'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n',
    ),
  ],
  ['bytes behind an upgrade', [200], get('/health/live', UPGRADE) + GARBAGE],
  ['a request behind an upgrade', [200], get('/health/live', UPGRADE) + SMUGGLED],
  ['bytes behind CONNECT', [400], CONNECT + GARBAGE],
  ['a request behind CONNECT', [400], CONNECT + SMUGGLED],
  // Node's parser takes it for Connection.
  ['the last request of an old proxy', [200], get('/health/live', 'Proxy-Connection: close\r\n')],
])

const SENT_BEHIND: readonly Shape[] = [
  { name: 'bytes after CONNECT', answers: [400], sent: CONNECT, sentBehind: GARBAGE },
  { name: 'a request after CONNECT', answers: [400], sent: CONNECT, sentBehind: SMUGGLED },
  {
    name: 'a request after an upgrade',
    answers: [200],
    sent: get('/health/live', UPGRADE),
    sentBehind: SMUGGLED,
  },
]

const PIPELINED: Shape = {
  name: 'two requests at once',
  answers: [201, 200, 200],
  sent: post(LENGTH, orderBody('PIPE-000')) + get('/api/orders?limit=1'),
  creates: 'PIPE-000',
}

const HALF_CLOSED: readonly Shape[] = [
  { name: 'nothing', answers: [], sent: '' },
  {
    name: 'a whole request',
    answers: [201],
    sent: post(LENGTH, orderBody('HALF-000')),
    creates: 'HALF-000',
  },
  { name: 'half of a head', answers: [400], sent: `POST /api/create-order HTTP/1.1\r\n${HOST}` },
  {
    name: 'half of a body',
    answers: [400],
    sent: post(LENGTH, orderBody(SMUGGLED_ID).slice(0, -1)),
  },
].map((shape) => ({
  ...shape,
  name: `${shape.name}, and a half-closed socket`,
  isHalfClosed: true,
}))

/**
 * JSON in UTF-8, and nothing else (RFC 8259 §8.1); a mark in front of it may be ignored. Fastify ends
 * the connection after a body that it cannot read.
 */
const BYTES = creations('BYT', [
  ['a body that is not UTF-8', [400], (body) => sized(body.replace('BYT', '\xff\xfe\xff'))],
  ['a body with NUL', [400], (body) => sized(body.replace('BYT', 'B\0T'))],
  ['a body in UTF-16', [400], (body) => sized(Buffer.from(body, 'utf16le').toString('latin1'))],
  [
    'half of a surrogate pair',
    [400, 200],
    (body) => sized(body.replace('BYT', String.raw`\ud800`)),
  ],
  ['a surrogate pair in UTF-8 bytes', [400], (body) => sized(body.replace('BYT', '\xed\xa0\x80'))],
  ['a byte order mark', [201, 200], (body) => sized(`\xef\xbb\xbf${body}`)],
  [
    'another charset',
    [415],
    (body) =>
      `POST /api/create-order HTTP/1.1\r\n${HOST}Content-Type: application/json; charset=utf-16\r\n${LENGTH}\r\n${body}`,
  ],
  [
    'a charset of other bytes',
    [415],
    (body) =>
      `POST /api/create-order HTTP/1.1\r\n${HOST}Content-Type: application/json; charset=\xff\r\n${LENGTH}\r\n${body}`,
  ],
])

function sized(body: string): string {
  return post(`Content-Length: ${body.length}\r\n`, body)
}

export const ENDINGS = [...BEHIND, ...UPGRADES, ...SENT_BEHIND, PIPELINED, ...HALF_CLOSED, ...BYTES]
