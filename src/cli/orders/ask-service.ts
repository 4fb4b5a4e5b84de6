import { readBounded } from '../../service/bounded-answer.ts'
import {
  PAGE_BYTES_MAX,
  parseObject,
  readFailure,
  readProblem,
  type ProblemAnswer,
} from '../service-answer.ts'
import type { ServiceAddress } from '../send-change.ts'

export type Answer =
  | { readonly kind: 'found'; readonly headers: Headers; readonly text: string }
  | (ProblemAnswer & { readonly kind: 'refused' })
  | { readonly kind: 'no-answer'; readonly reason: string }

export type Failure = Exclude<Answer, { readonly kind: 'found' }>

/** `mediaType`: an answer of another one is not CartService's. */
interface Question {
  readonly path: string
  readonly mediaType: string
}

/** One GET. Never rejects. */
export async function askService(
  address: ServiceAddress,
  { path, mediaType }: Question,
  stop: AbortSignal,
): Promise<Answer> {
  try {
    const response = await fetch(address.url + path, {
      headers: address.headers,
      redirect: 'manual',
      signal: AbortSignal.any([AbortSignal.timeout(address.timeoutMs), stop]),
    })
    const { headers, status } = response
    const text = await readBounded(response, PAGE_BYTES_MAX)
    const isOurs = headers.get('content-type')?.startsWith(mediaType) === true
    if (status === 200 && isOurs) return { kind: 'found', headers, text }
    return { kind: 'refused', ...readProblem(response, parseObject(text)) }
  } catch (error) {
    const { reason } = readFailure(address, error)
    return {
      kind: 'no-answer',
      reason: stop.aborted ? `Stopped before ${address.url} answered` : reason,
    }
  }
}
