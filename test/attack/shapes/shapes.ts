import { exchange, type Exchange } from '../raw-http.ts'
import { ENDINGS } from './endings.ts'
import { FRAMING } from './framing.ts'
import { HEADS } from './heads.ts'
import { LAST, type Shape } from './shape.ts'

/** THE table of what may be said on a connection, and what is answered. */
export const SHAPES: readonly Shape[] = [...FRAMING, ...HEADS, ...ENDINGS]

/** The faults of what came back, one sentence each; none where it is right. */
export async function tryShape(
  port: number,
  { sent, answers, isHalfClosed = false }: Shape,
): Promise<readonly string[]> {
  const bytes = Buffer.from(isHalfClosed ? sent : sent + LAST, 'latin1')
  const seen = await exchange(port, bytes, { isHalfClosed })
  const statuses = seen.answers.map(({ status }) => status).join(', ')
  const wanted = answers.join(', ')
  const hasLeft = isHalfClosed && statuses === ''
  return [
    ...(statuses === wanted || hasLeft
      ? []
      : [`answered ${statuses || 'nothing'} in place of ${wanted}`]),
    ...(seen.rest === '' ? [] : [`said ${JSON.stringify(seen.rest.slice(0, 80))} besides`]),
    ...seen.answers.flatMap(problemFaults),
  ]
}

/** Every error is a problem, also where no request could be read. */
function problemFaults({ status, headers, body }: Exchange['answers'][number]): string[] {
  if (status < 400) return []
  if (headers.get('content-type')?.startsWith('application/problem+json') !== true) {
    return [`answered ${status} without a problem`]
  }
  const problem = JSON.parse(body) as Record<string, unknown>
  const isOwn = problem['status'] === status && headers.get('x-request-id') === problem['requestId']
  return isOwn ? [] : [`answered ${status} with the problem of another answer`]
}
