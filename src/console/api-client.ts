import { unmarked } from './entity-tag.ts'
import type { Order } from './order-json.ts'
import { visible } from './visible-text.ts'

/** Requests to the service, and what its answers look like. */

/** Of the service, behind whatever prefix a proxy has given it: this file is in a folder of it. */
const ROOT = new URL('../', import.meta.url)

/** `path`: without a slash at its beginning. */
export function urlOf(path: string): URL {
  return new URL(path, ROOT)
}

export interface OrderEvent {
  readonly eventId: string
  readonly type: string
  readonly version: number
  readonly time: string
  readonly status: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly schemaId: number
}

export interface DescribedEvent extends OrderEvent {
  readonly settledAt: string
  readonly key: { readonly text: string | null; readonly hex: string }
  readonly headers: readonly { readonly name: string; readonly value: string }[]
  readonly value: {
    readonly sizeBytes: number
    readonly framingHex: string
    readonly base64: string
    readonly order: Order
  }
}

export interface Problem {
  /** Of HTTP. */
  readonly status: number
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly outcome?: 'not-applied' | 'unknown'
  readonly errors?: readonly { readonly field: string; readonly message: string }[]
}

export interface Check {
  readonly status: 'up' | 'degraded' | 'down'
  readonly since: string
  readonly reason?: string
}

export interface Health {
  readonly instance: { readonly lease: string; readonly pendingEvents: number }
  readonly checks: {
    readonly kafka: Check
    readonly schemaRegistry: Check
    readonly storage: Check
    /** Where callers are let in by it. */
    readonly identityProvider?: Check
  }
}

export interface ServiceInfo {
  readonly version: string
  readonly kafka_broker: string
  readonly schema_registry: string
}

export type Answer<Body> =
  | { readonly kind: 'success'; readonly body: Body; readonly entityTag: string | null }
  | { readonly kind: 'problem'; readonly problem: Problem }
  /** Nothing came back: whether anything happened is not known. */
  | { readonly kind: 'no-answer' }

/** A change that can be sent again as it is: the key makes sure that it is carried out once. */
export interface Command {
  readonly method: 'POST' | 'PUT'
  readonly path: string
  readonly body: Readonly<Record<string, unknown>>
  readonly idempotencyKey: string
  /** The version that the change is meant for: another one is not changed. */
  readonly entityTag?: string
}

export interface CommandAnswer {
  readonly message: string
  readonly data: Order
}

/** Longer than the service takes at most, with its default of 5 s for publishing. */
const COMMAND_TIMEOUT_MS = 30_000
const READ_TIMEOUT_MS = 10_000

/** `crypto.randomUUID` is there on https and localhost only. */
function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function createOrderCommand(body: Command['body']): Command {
  return {
    method: 'POST',
    path: 'api/create-order',
    body,
    idempotencyKey: newIdempotencyKey(),
  }
}

export function updateOrderCommand(body: Command['body'], entityTag: string): Command {
  const idempotencyKey = newIdempotencyKey()
  return { method: 'PUT', path: 'api/update-order', body, idempotencyKey, entityTag }
}

export function sendCommand(command: Command): Promise<Answer<CommandAnswer>> {
  const { method, path, body, idempotencyKey, entityTag } = command
  return ask(path, COMMAND_TIMEOUT_MS, {
    method,
    headers: {
      'content-type': 'application/json',
      'idempotency-key': idempotencyKey,
      ...(entityTag !== undefined && { 'if-match': entityTag }),
    },
    body: JSON.stringify(body),
  })
}

export function send<Body>(
  method: 'POST' | 'PUT',
  path: string,
  body: unknown,
): Promise<Answer<Body>> {
  const headers = { 'content-type': 'application/json' }
  return ask(path, READ_TIMEOUT_MS, { method, headers, body: JSON.stringify(body) })
}

export function read<Body>(path: string): Promise<Answer<Body>> {
  return ask(path, READ_TIMEOUT_MS, {})
}

export function orderPath(orderId: string): string {
  return `api/orders/${encodeURIComponent(orderId)}`
}

/** What to tell a reader whose request did not succeed, with its full stop. */
export function sentenceOf(answer: Exclude<Answer<unknown>, { kind: 'success' }>): string {
  return answer.kind === 'problem'
    ? `${visible(answer.problem.detail)}.`
    : 'The service does not answer.'
}

/** After so long it is asked again whether an outage is over. */
export const ASK_AGAIN_AFTER_MS = 2_000

/** Whether the same question may have an answer in a moment. */
export function isPassing(answer: Answer<unknown>): boolean {
  if (answer.kind === 'success') return false
  return answer.kind === 'no-answer' || answer.problem.status >= 500
}

/** The session is over, or there was none: the page that asks for a key leads back to this one. */
function goToLogin(): void {
  const page = location.pathname.slice(ROOT.pathname.length)
  location.assign(urlOf(`login?next=${encodeURIComponent(page)}${location.hash}`))
}

/** Whether the service has taken the session back: no script can do that. */
export async function endSession(): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(READ_TIMEOUT_MS)
    const { ok } = await fetch(urlOf('logout'), { method: 'POST', signal })
    return ok
  } catch {
    return false
  }
}

async function ask<Body>(
  path: string,
  timeoutMs: number,
  request: RequestInit,
): Promise<Answer<Body>> {
  try {
    const response = await fetch(urlOf(path), {
      ...request,
      signal: AbortSignal.timeout(timeoutMs),
    })
    const body: unknown = await response.json()
    const entityTag = unmarked(response.headers.get('etag'))
    if (response.ok) return { kind: 'success', body: body as Body, entityTag }
    const { status } = response
    if (status === 401) goToLogin()
    // A proxy's own error says nothing of what the service did.
    if (typeof (body as Partial<Problem>).code !== 'string') return { kind: 'no-answer' }
    return { kind: 'problem', problem: { ...(body as Problem), status } }
  } catch {
    return { kind: 'no-answer' }
  }
}
