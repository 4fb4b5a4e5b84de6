import { Type, type TSchema } from 'typebox'
import {
  PROBLEM_KINDS,
  PROBLEM_MEDIA_TYPE,
  toProblem,
  type Problem,
  type ProblemCode,
} from '../problems.ts'

const PROBLEM_CODES = Object.keys(PROBLEM_KINDS) as ProblemCode[]

const fieldErrorSchema = Type.Object({
  field: Type.String(),
  message: Type.String({ description: 'A sentence that names the field.' }),
})

/** For the documentation only: problems are written by JSON.stringify, being rare. */
export const problemSchema = Type.Object(
  {
    success: Type.Literal(false),
    type: Type.String({ description: 'urn:cart-service:problem:<code in kebab-case>' }),
    title: Type.String({ description: 'The same for every problem with this code.' }),
    status: Type.Integer({ description: 'The HTTP status.' }),
    code: Type.String({ enum: PROBLEM_CODES }),
    detail: Type.String({ description: 'What was wrong this time.' }),
    errors: Type.Optional(
      Type.Array(fieldErrorSchema, { description: 'What is wrong with each field of the body.' }),
    ),
    outcome: Type.Optional(
      Type.String({
        enum: ['not-applied', 'unknown'],
        description:
          'With 503. not-applied: nothing was stored and no event was or will be published. ' +
          'unknown: the event was sent and is settled later; the same request sent again tells.',
      }),
    ),
    requestId: Type.String({ description: 'As in the header x-request-id.' }),
  },
  { $id: 'Problem', description: 'Why a request was not answered with success (RFC 9457).' },
)

function exampleOf(code: ProblemCode): Problem {
  return toProblem(PROBLEM_KINDS[code].example, '3f2a6c1e-8d0b-4b43-9a57-0c6f0a1d2e3b')
}

function problemResponse(codes: readonly ProblemCode[]) {
  const titles = codes.map((code) => PROBLEM_KINDS[code].title)
  const examples = codes.map((code) => [
    code,
    { summary: PROBLEM_KINDS[code].title, value: exampleOf(code) },
  ])
  return {
    description: `${titles.join('. ')}.`,
    content: {
      [PROBLEM_MEDIA_TYPE]: {
        schema: Type.Ref('Problem#') as TSchema,
        examples: Object.fromEntries(examples) as unknown,
      },
    },
  }
}

const RETRY_AFTER_HEADER = {
  'Retry-After': { type: 'integer', description: 'Seconds to wait before the next try.' },
}

/** The responses of an operation that may fail with these codes, by status. */
export function problemResponses(codes: readonly ProblemCode[]): Record<string, unknown> {
  const byStatus = Object.groupBy(codes, (code) => PROBLEM_KINDS[code].status)
  const responses = Object.entries(byStatus).map(([status, codesOfStatus]) => {
    const response = problemResponse(codesOfStatus ?? [])
    return [status, status === '503' ? { ...response, headers: RETRY_AFTER_HEADER } : response]
  })
  return Object.fromEntries(responses) as Record<string, unknown>
}
