import * as fc from 'fast-check'
import { OPERATIONS, type GeneratedRequest } from './generated-requests.ts'

/** Requests to the whole API, one after the other. */

/** No operation knows the first, some know the others, none twice. */
const ODD_PARAMETERS = [
  'page=2',
  'dryRun=true',
  'limit=1&limit=2',
  'status=pending&status=shipped',
  'orderId=ORD-1&orderId=ORD-2',
  'format=csv&format=json',
  'from=now&from=beginning',
  'limit',
  'limit[]=1',
  '__proto__=1',
  '%ff=1',
]

function withParameter(request: GeneratedRequest, parameter: string): GeneratedRequest {
  const { url } = request
  return { ...request, url: `${url}${url.includes('?') ? '&' : '?'}${parameter}` }
}

/** OPTIONS says what a path takes, and so does the refusal of what it does not. */
function byMethod({ url }: GeneratedRequest, method: 'OPTIONS' | 'DELETE'): GeneratedRequest {
  return { method, url, headers: {} }
}

const known = fc.oneof(
  ...Object.values(OPERATIONS).map(({ weight, requests }) => ({ weight, arbitrary: requests })),
)

const anyRequest: fc.Arbitrary<GeneratedRequest> = fc.oneof(
  { weight: 30, arbitrary: known },
  {
    weight: 1,
    arbitrary: fc
      .tuple(known, fc.constantFrom(...ODD_PARAMETERS))
      .map(([request, parameter]) => withParameter(request, parameter)),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(known, fc.constantFrom('OPTIONS' as const, 'DELETE' as const))
      .map(([request, method]) => byMethod(request, method)),
  },
)

export const requestSequences = fc.array(anyRequest, { minLength: 30, maxLength: 80, size: 'max' })
