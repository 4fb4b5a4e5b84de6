import { CHUNKED, LENGTH, SMUGGLED, chunks, creations, get, post, requests } from './shape.ts'

/**
 * Where a request ends. Two readers of one connection that disagree about it let one caller's bytes
 * pass for the next caller's request (RFC 9112 §6, §7, §11.2).
 */

/** By Content-Length alone, which is one decimal number (§6.2, §6.3). */
const LENGTHS = creations('LEN', [
  ['two lengths', [400], (body) => post(`${LENGTH}Content-Length: 0\r\n`, body)],
  ['the same length twice', [400], (body) => post(LENGTH + LENGTH, body)],
  ['a list of lengths', [400], (body) => post('Content-Length: 35, 35\r\n', body)],
  ...['+35', '-1', '0x23', '35.0', '', '3 5', '\xa035', '\x0b35', '18446744073709551651'].map(
    (value) =>
      [
        `the length ${JSON.stringify(value)}`,
        [400],
        (body: string) => post(`Content-Length: ${value}\r\n`, body),
      ] as const,
  ),
  ['a space before the colon', [400], (body) => post('Content-Length : 35\r\n', body)],
  ['a length with leading zeros', [201, 200], (body) => post('Content-Length: 0035\r\n', body)],
  ['a length that is too small', [400], (body) => post('Content-Length: 10\r\n', body)],
  // The body takes the first bytes of the next request with it.
  ['a length that is too large', [400], (body) => post('Content-Length: 40\r\n', body)],
  ['no length', [400], (body) => post('', body)],
])

/** Transfer-Encoding is `chunked`, once, and never beside a length (§6.1). */
const CODINGS = creations('COD', [
  ['a length and chunks', [400], (body) => post(LENGTH + CHUNKED, chunks(body))],
  [
    'length 0 and chunks',
    [400],
    () => post(`Content-Length: 0\r\n${CHUNKED}`, `0\r\n\r\n${SMUGGLED}`),
  ],
  [
    'chunks and a length',
    [400],
    () => post(`${CHUNKED}Content-Length: 5\r\n`, `0\r\n\r\n${SMUGGLED}`),
  ],
  ['chunks', [201, 200], (body) => post(CHUNKED, chunks(body))],
  [
    'chunks in capitals',
    [201, 200],
    (body) => post('transfer-encoding: CHUNKED\r\n', chunks(body)),
  ],
  ...[
    'identity',
    'xchunked',
    'chunked, identity',
    'identity, chunked',
    'chunked, chunked',
    'gzip, chunked',
    '"chunked"',
    'chunked;q=1',
    '\x0bchunked',
    'chunked\x0b',
    'chunked\0',
    '\r\n chunked',
    '',
  ].map(
    (value) =>
      [
        `the coding ${JSON.stringify(value)}`,
        [400],
        (body: string) => post(`Transfer-Encoding: ${value}\r\n`, chunks(body)),
      ] as const,
  ),
  [
    'codings in two headers',
    [400],
    (body) => post(`Transfer-Encoding: identity\r\n${CHUNKED}`, chunks(body)),
  ],
  ['chunked in two headers', [400], (body) => post(CHUNKED + CHUNKED, chunks(body))],
  [
    'a folded coding and a length',
    [400],
    (body) => post(`Transfer-Encoding:\r\n chunked\r\n${LENGTH}`, body),
  ],
  [
    'a coding with a space before the colon',
    [400],
    (body) => post(`Transfer-Encoding : chunked\r\n`, chunks(body)),
  ],
  [
    'a coding with a CR in its name',
    [400],
    (body) => post(`Transfer-Encoding\r: chunked\r\n`, chunks(body)),
  ],
  [
    'another name like it',
    [201, 200],
    (body) => post(`Transfer_Encoding: chunked\r\n${LENGTH}`, body),
  ],
  ['chunks in HTTP/1.0', [400], (body) => post(CHUNKED, chunks(body), '1.0')],
  [
    'chunks in HTTP/1.0 kept alive',
    [400],
    (body) => post(`${CHUNKED}Connection: keep-alive\r\n`, chunks(body), '1.0'),
  ],
])

/** The size is hexadecimal digits, then perhaps an extension, then CR LF (§7.1). */
const CHUNKS = creations('CHU', [
  ['an extension', [201, 200], (body) => post(CHUNKED, `23;a=b\r\n${body}\r\n0\r\n\r\n`)],
  ['a quoted extension', [201, 200], (body) => post(CHUNKED, `23;a="b;c"\r\n${body}\r\n0\r\n\r\n`)],
  ['an extension with a bare LF', [400], (body) => post(CHUNKED, `23;a\n${body}\r\n0\r\n\r\n`)],
  [
    'an extension with a lone CR',
    [400],
    (body) => post(CHUNKED, `23;a\rb\r\n${body}\r\n0\r\n\r\n`),
  ],
  ['an extension with NUL', [400], (body) => post(CHUNKED, `23;a\0\r\n${body}\r\n0\r\n\r\n`)],
  [
    'an extension of 20 kB',
    [400],
    (body) => post(CHUNKED, `23;${'a'.repeat(20_000)}\r\n${body}\r\n0\r\n\r\n`),
  ],
  ...['+23', '-1', '0x23', ' 23', '23 ', '', '22', '10000000000000023'].map(
    (size) =>
      [
        `the size ${JSON.stringify(size)}`,
        [400],
        (body: string) => post(CHUNKED, `${size}\r\n${body}\r\n0\r\n\r\n`),
      ] as const,
  ),
  [
    'a size with leading zeros',
    [201, 200],
    (body) => post(CHUNKED, `000023\r\n${body}\r\n00\r\n\r\n`),
  ],
  // As much as that is waited for, as long as a request may take.
  ['the largest size', [408], (body) => post(CHUNKED, `FFFFFFFFFFFFFFFF\r\n${body}\r\n0\r\n\r\n`)],
  ['no CR LF after the data', [400], (body) => post(CHUNKED, `23\r\n${body}0\r\n\r\n`)],
  ['bare LFs', [400], (body) => post(CHUNKED, `23\n${body}\n0\n\n`)],
  ['a bare LF after the data', [400], (body) => post(CHUNKED, `23\r\n${body}\n0\r\n\r\n`)],
])

/** Fields after the last chunk do not change the request (RFC 9110 §6.5.1). */
const TRAILERS = creations('TRA', [
  ['a trailer', [201, 200], (body) => post(CHUNKED, trailed(body, 'X-After: 1\r\n'))],
  [
    'another Host as a trailer',
    [201, 200],
    (body) => post(CHUNKED, trailed(body, 'Host: evil.example\r\n')),
  ],
  ['a length as a trailer', [400], (body) => post(CHUNKED, trailed(body, 'Content-Length: 5\r\n'))],
  ['a coding as a trailer', [400], (body) => post(CHUNKED, trailed(body, CHUNKED))],
  [
    'a trailer with a space in its name',
    [400],
    (body) => post(CHUNKED, trailed(body, 'X After: 1\r\n')),
  ],
  ['a trailer with a bare LF', [400], (body) => post(CHUNKED, trailed(body, 'X-After: 1\n'))],
  ['a trailer with NUL', [400], (body) => post(CHUNKED, trailed(body, 'X-After: \0\r\n'))],
  [
    'a trailer of 20 kB',
    [431],
    (body) => post(CHUNKED, trailed(body, `X-After: ${'x'.repeat(20_000)}\r\n`)),
  ],
])

function trailed(body: string, trailers: string): string {
  return `23\r\n${body}\r\n0\r\n${trailers}\r\n`
}

/** A GET may have a body, which means nothing (RFC 9110 §9.3.1), and is not a request. */
const BODIES_OF_GET = requests([
  [
    'a body of GET',
    [200, 200],
    get('/health/live', `Content-Length: ${SMUGGLED.length}\r\n`) + SMUGGLED,
  ],
  ['a chunked body of GET', [200, 200], get('/health/live', CHUNKED) + chunks(SMUGGLED)],
])

export const FRAMING = [...LENGTHS, ...CODINGS, ...CHUNKS, ...TRAILERS, ...BODIES_OF_GET]
