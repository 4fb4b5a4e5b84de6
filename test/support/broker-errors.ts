import { protocolErrorsCodesById } from '@platformatic/kafka'

/** What a broker says before it appends, so that nothing was stored. */
export const PROOFS = [
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'CORRUPT_MESSAGE',
  'INVALID_TIMESTAMP',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
  'INVALID_TOPIC_EXCEPTION',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'INVALID_REQUIRED_ACKS',
  'POLICY_VIOLATION',
  'NOT_ENOUGH_REPLICAS',
]

export function codeOf(name: string): number {
  const code = Object.entries(protocolErrorsCodesById).find(([, id]) => id === name)?.[0]
  if (code === undefined) throw new Error(`no error ${name}`)
  return Number(code)
}
