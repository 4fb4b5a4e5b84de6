import type { Socket } from 'node:net'
import { exchange, type Exchange } from '../raw-http.ts'
import { ENDINGS } from './endings.ts'
import { FRAMING } from './framing.ts'
import { HEADS } from './heads.ts'
import { LAST, PROBE, type Shape } from './shape.ts'

/** THE table of what may be said on a connection, and what is answered. */
export const SHAPES: readonly Shape[] = [...FRAMING, ...HEADS, ...ENDINGS]

/** The faults of what came back, one sentence each; none where it is right. */
export async function tryShape(
  port: number,
  { sent, answers, isHalfClosed = false, sentBehind }: Shape,
): Promise<readonly string[]> {
  const isLast = isHalfClosed || sentBehind !== undefined
  const otherFaults: string[] = []
  const seen = await exchange(port, bytesOf(isLast ? sent : sent + LAST), {
    isHalfClosed,
    async whenEnded(socket) {
      if (sentBehind === undefined) return
      otherFaults.push(...findFaults(await askMeanwhile(port, socket, sentBehind), [200, 200]))
    },
  })
  const hasLeft = isHalfClosed && seen.answers.length === 0
  return [
    ...findFaults(seen, hasLeft ? [] : answers),
    ...otherFaults.map((fault) => `another caller: ${fault}`),
  ]
}

/** Another caller's connection, asked before this one sends more and after that. */
function askMeanwhile(port: number, first: Socket, sentBehind: string): Promise<Exchange> {
  return exchange(port, bytesOf(PROBE), {
    onAnswer(socket) {
      if (!first.writableEnded) first.end(bytesOf(sentBehind), () => socket.write(LAST))
    },
  })
}

function findFaults(seen: Exchange, answers: readonly number[]): string[] {
  const statuses = seen.answers.map(({ status }) => status).join(', ')
  const wanted = answers.join(', ')
  return [
    ...(statuses === wanted ? [] : [`answered ${statuses || 'nothing'} in place of ${wanted}`]),
    ...(seen.rest === '' ? [] : [`said ${JSON.stringify(seen.rest.slice(0, 80))} besides`]),
    ...seen.answers.flatMap(problemFaults),
  ]
}

function bytesOf(sent: string): Buffer {
  return Buffer.from(sent, 'latin1')
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
