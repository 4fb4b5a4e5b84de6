import { HOST, LENGTH, creations, get, post, requests } from './shape.ts'

/** The first line and the headers (RFC 9112 §2, §3, §5). */

/** Exactly one Host (§3.2), and one that means this service. */
const HOSTS = requests([
  ['no Host', [400], 'GET /health/live HTTP/1.1\r\n\r\n'],
  ['the same Host twice', [400], get('/health/live', HOST)],
  ['two Hosts', [400], get('/health/live', 'Host: evil.example\r\n')],
  ...[
    '',
    'evil.example',
    'localhost, evil.example',
    'local host',
    'a@localhost',
    'localhost/x',
  ].map((host) => [`the Host ${JSON.stringify(host)}`, [403, 200], asHost(host)] as const),
  ['a Host that is not ASCII', [403, 200], asHost('local\xff\xfehost')],
  ['a Host with a port that is none', [403, 200], asHost('localhost:99999999')],
  [
    'a Host with a space before the colon',
    [400],
    'GET /health/live HTTP/1.1\r\nHost : localhost\r\n\r\n',
  ],
  ['a folded Host', [400], 'GET /health/live HTTP/1.1\r\nHost:\r\n localhost\r\n\r\n'],
])

function asHost(host: string): string {
  return `GET /health/live HTTP/1.1\r\nHost: ${host}\r\n\r\n`
}

/** A whole URL names the host itself, and Host does not count then (§3.2.2). */
const TARGETS = requests([
  ['a whole URL', [200, 200], get('http://localhost/health/live')],
  ['a whole URL in capitals', [200, 200], get('HTTP://LOCALHOST/health/live')],
  ['a whole URL of another host', [403, 200], get('http://evil.example/health/live')],
  ['a whole URL with a user', [403, 200], get('http://user:secret@localhost/health/live')],
  ['a whole URL without Host', [400], 'GET http://localhost/health/live HTTP/1.1\r\n\r\n'],
  ['a URL of a file', [400], get('file:///etc/passwd')],
  ['a URL without a host', [400], get('http:/health/live')],
  ['a target without a slash', [400], get('health/live')],
  ['a target of another host', [404, 200], get('//evil.example/health/live')],
  ['GET *', [400], get('*')],
  ['OPTIONS *', [204, 200], get('*', '', 'OPTIONS')],
  ['CONNECT', [400], 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n'],
  ['CONNECT to a path', [400], get('/api/create-order', '', 'CONNECT')],
  ['dots', [404, 200], get('/docs/../health/live')],
  ['encoded dots', [404, 200], get('/%2e%2e/%2e%2e/etc/passwd')],
  ['encoded slashes', [404, 200], get('/redoc/..%2f..%2fpackage.json')],
  ['an encoded NUL', [400, 200], get('/api/orders/%00')],
  ['an encoded NUL in a page', [404, 200], get('/console/%00')],
  ...['%ff', '%c0%af', '%ed%a0%80', '%', '%zz'].map(
    (id) => [`the encoded id ${id}`, [400, 200], get(`/api/orders/${id}`)] as const,
  ),
  ['invalid UTF-8 in a query', [400], get('/api/orders?orderId=%ff')],
  ...['\xff\xfe', '\xc3\xa9', 'a\0b', 'a\tb', 'a b', 'a\rb', 'a\x01b', 'a\x7fb'].map(
    (id) => [`the id ${JSON.stringify(id)}`, [400], get(`/api/orders/${id}`)] as const,
  ),
  ['a path of 15 kB', [404, 200], get(`/${'a'.repeat(15_000)}`)],
  ['a path of 20 kB', [431], get(`/${'a'.repeat(20_000)}`)],
  ['a path of 1 MB', [431], get(`/${'a'.repeat(1_000_000)}`)],
])

/** The version is 1.0 or 1.1, in capitals (§2.3). */
const VERSIONS = requests([
  ['HTTP/0.9', [400], 'GET /health/live\r\n'],
  ['HTTP/1.0', [200], 'GET /health/live HTTP/1.0\r\n\r\n'],
  ...['HTTP/0.9', 'HTTP/1.2', 'HTTP/2.0', 'HTTP/11', 'HTTP/1.10', 'http/1.1', 'HTTP/1.1 '].map(
    (version) =>
      [
        `the version ${JSON.stringify(version)}`,
        [400],
        `GET /health/live ${version}\r\n${HOST}\r\n`,
      ] as const,
  ),
  ['the preface of HTTP/2', [400], `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0`],
  ['the beginning of TLS', [400], '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03'],
])

const METHODS = requests([
  ...['get', 'Get', 'FOO', 'GET\0'].map(
    (method) =>
      [`the method ${JSON.stringify(method)}`, [400], get('/health/live', '', method)] as const,
  ),
  ...['TRACE', 'DELETE', 'PROPFIND', 'M-SEARCH', 'SOURCE'].map(
    (method) => [`the method ${method}`, [405, 200], get('/health/live', '', method)] as const,
  ),
  ['OPTIONS', [204, 200], get('/api/create-order', '', 'OPTIONS')],
])

/** Lines end in CR LF, and nothing else is an end, nor a part of a line (§2.2, §5.5). */
const LINES = requests([
  ['an empty line in front', [200, 200], `\r\n\r\n${get('/health/live')}`],
  ['a space in front', [400], ` ${get('/health/live')}`],
  ['a tab in the first line', [400], `GET\t/health/live HTTP/1.1\r\n${HOST}\r\n`],
  ['bare LFs', [400], 'GET /health/live HTTP/1.1\nHost: localhost\n\n'],
  ['a bare LF after the first line', [400], `GET /health/live HTTP/1.1\n${HOST}\r\n`],
  ['a bare LF after a header', [400], 'GET /health/live HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n'],
  ['a bare LF at the end', [400], `GET /health/live HTTP/1.1\r\n${HOST}\n`],
  ['a lone CR after the first line', [400], `GET /health/live HTTP/1.1\r${HOST}\r\n`],
  ['a lone CR in a header', [400], get('/health/live', 'X: a\rb\r\n')],
  ['CR CR LF', [400], get('/health/live', 'X: a\r\r\n')],
  ...[
    'X: a\0b',
    'X: a\x01b',
    'X: a\x7fb',
    'X\0: a',
    'X\xff: a',
    'X Y: a',
    'X[]: a',
    ': a',
    'X',
    'X: a\r\n b',
  ].map(
    (line) =>
      [`the header ${JSON.stringify(line)}`, [400], get('/health/live', `${line}\r\n`)] as const,
  ),
  ['a header of other bytes', [200, 200], get('/health/live', 'X: a\xff\xfeb\r\n')],
  [
    'headers named as parts of objects',
    [200, 200],
    get('/health/live', '__proto__: a\r\nconstructor: b\r\n'),
  ],
  [
    'headers of Connection that are none',
    [200, 200],
    get('/health/live', 'Connection: Host, Content-Length, \xff\r\n'),
  ],
  ...[2_500, 100_000].map(
    (count) => [`${count} headers`, [431], get('/health/live', 'a:\r\n'.repeat(count))] as const,
  ),
])

/** Headers that mean something here: of other bytes, or twice. */
const MEANINGS = creations('MEA', [
  [
    'a key of other bytes',
    [400, 200],
    (body) => post(`Idempotency-Key: \xff\xfe\r\n${LENGTH}`, body),
  ],
  [
    'two keys',
    [400, 200],
    (body) => post(`Idempotency-Key: a\r\nIdempotency-Key: b\r\n${LENGTH}`, body),
  ],
  ['a trace of other bytes', [201, 200], (body) => post(`traceparent: \xff\r\n${LENGTH}`, body)],
  ['a coding of the content', [415], (body) => post(`Content-Encoding: gzip\r\n${LENGTH}`, body)],
  ['100-continue', [100, 201, 200], (body) => post(`Expect: 100-continue\r\n${LENGTH}`, body)],
  [
    '100-continue in HTTP/1.0',
    [201],
    (body) => post(`Expect: 100-continue\r\n${LENGTH}`, body, '1.0'),
  ],
  ['another expectation', [417, 200], (body) => post(`Expect: 200-ok\r\n${LENGTH}`, body)],
])

export const HEADS = [...HOSTS, ...TARGETS, ...VERSIONS, ...METHODS, ...LINES, ...MEANINGS]
