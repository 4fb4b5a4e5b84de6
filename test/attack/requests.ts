import { converse, Tally } from './conversation.ts'

/** Requests as bytes, and the orders that an attack needs. */

const NAME_LENGTH_MAX = 255

const HOST = 'Host: localhost\r\n'

export function getRequest(path: string): string {
  return `GET ${path} HTTP/1.1\r\n${HOST}\r\n`
}

export function createRequest(orderId: string, numItems = 1): string {
  return jsonRequest('POST', '/api/create-order', { orderId, numItems })
}

/** An order with names as long as they may be. */
export function largeRequest(orderId: string, numItems: number): string {
  const itemId = '😀'.repeat(NAME_LENGTH_MAX)
  const items = times(numItems, () => ({ itemId, quantity: 2, price: 99.99 }))
  return jsonRequest('POST', '/api/create-order', { orderId, items })
}

export function updateRequest(orderId: string, status: string, key?: string): string {
  const headers = key === undefined ? '' : `Idempotency-Key: ${key}\r\n`
  return jsonRequest('PUT', '/api/update-order', { orderId, status }, headers)
}

function jsonRequest(method: string, path: string, content: object, headers = ''): string {
  return jsonText(method, path, JSON.stringify(content), headers)
}

export function jsonText(method: string, path: string, body: string, headers = ''): string {
  const length = `Content-Length: ${Buffer.byteLength(body)}\r\n`
  return `${method} ${path} HTTP/1.1\r\n${HOST}Content-Type: application/json\r\n${length}${headers}\r\n${body}`
}

/** Numbers from 0 on. */
export function times<Value>(count: number, make: (index: number) => Value): Value[] {
  return Array.from({ length: count }, (_, index) => make(index))
}

const LARGE_ORDER_ITEMS = 100
const CREATED_AT_ONCE = 16

/** So many orders of 100 items. */
export async function createLargeOrders(port: number, count: number): Promise<void> {
  const tally = new Tally()
  const requests = times(count, (index) => createRequest(`LARGE-${index}`, LARGE_ORDER_ITEMS))
  const share = Math.ceil(count / CREATED_AT_ONCE)
  await Promise.all(
    times(CREATED_AT_ONCE, (index) =>
      converse(port, requests.slice(index * share, (index + 1) * share), tally),
    ),
  )
  if (tally.count('201') !== count) throw new Error(`could not prepare orders: ${tally.text}`)
}
