import { readBounded } from '../../service/bounded-answer.ts'
import type { ServiceAddress } from '../send-change.ts'
import { asObject, PAGE_BYTES_MAX, parseObject } from '../service-answer.ts'

/** Of one page of a list. */
const LIST_LIMIT = 100

export type Erasure =
  | {
      readonly kind: 'erased'
      readonly orderId: string
      readonly version: number
      /** As the service says it. */
      readonly tombstone: string
    }
  /** `failed`: it may be erased, or its tombstone may be missing. */
  | { readonly kind: 'refused' | 'failed'; readonly orderId: string; readonly reason: string }

/** Of anybody: each field may be anything. */
type Answer = Readonly<Record<string, unknown>>

/** All at once, because an erased order is not the customer's any more. Rejects where the service does not answer. */
export async function findOrdersOf(
  address: ServiceAddress,
  customerId: string,
  onFound: (count: number) => void,
  stop: AbortSignal,
): Promise<readonly string[]> {
  const found: string[] = []
  let cursor: string | undefined
  do {
    const query = new URLSearchParams({ customerId, limit: String(LIST_LIMIT) })
    if (cursor !== undefined) query.set('cursor', cursor)
    const { status, body } = await ask(
      address,
      `/api/orders?${query.toString()}`,
      { method: 'GET' },
      stop,
    )
    if (status !== 200) throw new Error(sentenceOf(status, body))
    const { data, nextCursor } = body
    const orders: readonly unknown[] = Array.isArray(data) ? data : [data]
    const orderIds = orders.map((order) => asObject(order)['orderId'])
    if (!isTexts(orderIds) || orderIds.length > LIST_LIMIT) throw new Error(sentenceOf(status, {}))
    found.push(...orderIds)
    onFound(found.length)
    cursor = typeof nextCursor === 'string' ? nextCursor : undefined
  } while (cursor !== undefined)
  return found
}

/** One after the other: it has no haste. Ends at the first that has no answer. */
export async function* eraseOrders(
  address: ServiceAddress,
  orderIds: readonly string[],
  stop: AbortSignal,
): AsyncGenerator<Erasure> {
  for (const orderId of orderIds) {
    const erasure = await eraseOne(address, orderId, stop)
    yield erasure
    if (erasure.kind === 'failed') return
  }
}

async function eraseOne(
  address: ServiceAddress,
  orderId: string,
  stop: AbortSignal,
): Promise<Erasure> {
  try {
    const request = {
      method: 'POST',
      body: JSON.stringify({ orderId }),
    }
    const { status, body } = await ask(address, '/api/operations/erasures', request, stop)
    if (status === 200) {
      const { version, tombstone } = asObject(body['data'])
      if (typeof version !== 'number' || typeof tombstone !== 'string') {
        return { kind: 'failed', orderId, reason: sentenceOf(status, {}) }
      }
      return { kind: 'erased', orderId, version, tombstone }
    }
    const isRefusal = status < 500 && body['code'] !== 'CHANGE_IN_FLIGHT' && status !== 429
    return { kind: isRefusal ? 'refused' : 'failed', orderId, reason: sentenceOf(status, body) }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { kind: 'failed', orderId, reason: `${address.url} gave no answer (${reason})` }
  }
}

async function ask(
  { url, headers, timeoutMs }: ServiceAddress,
  path: string,
  request: Pick<RequestInit, 'method' | 'body'>,
  stop: AbortSignal,
): Promise<{ readonly status: number; readonly body: Answer }> {
  const response = await fetch(url + path, {
    ...request,
    headers: {
      ...headers,
      ...(request.body !== undefined && { 'content-type': 'application/json' }),
    },
    redirect: 'manual',
    signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), stop]),
  })
  return {
    status: response.status,
    body: parseObject(await readBounded(response, PAGE_BYTES_MAX)),
  }
}

function sentenceOf(status: number, { code, detail }: Answer): string {
  if (typeof code !== 'string' || typeof detail !== 'string') {
    return `${status}: this is no answer of CartService; is that its address?`
  }
  return `${status} ${code}: ${detail}`
}

function isTexts(values: readonly unknown[]): values is readonly string[] {
  return values.every((one) => typeof one === 'string')
}
